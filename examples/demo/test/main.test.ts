import { spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "./support.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Runs the program. `onOutput` sees all that was written so far. */
const run = (
  args: ReadonlyArray<string>,
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {}
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=holdfast-source", main, ...args], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString()
      onOutput(out, (signal) => child.kill(signal))
    })
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString()
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, out, err }))
  })

// Each run starts a process and PGlite in it, which takes its time on a busy machine.
describe("the program", { timeout: 240_000 }, () => {
  it("replays a file with bad rows on PGlite, twice in one folder", async () => {
    using folder = temporaryFolder()
    const rows = Array.from({ length: 60 }, (_, index) => `O${index >> 1},sku-${index % 7},1`)
    const file = folder.file("orders.csv", `order_id,sku,quantity\n${rows.join("\n")}\nO99,"open,1\nO0,sku-1,2\n`)
    const args = [
      "--orders",
      file,
      "--data",
      join(folder.path, "stock"),
      "--stock",
      "50",
      "--buyers",
      "8",
      "--seed",
      "5"
    ]
    for (const round of [1, 2]) {
      const { code, out, err } = await run(args)
      expect({ round, code, err }).toEqual({ round, code: 0, err: "" })
      expect(out).toContain("31 orders of 61 lines over 7 SKUs")
      expect(out).toContain("line 62: a quote is not closed")
      expect(out).toContain("oversold: 0\n")
      expect(out).toMatch(/^verify: ok /m)
    }
  })

  it("ends cleanly at Ctrl-C, with the table so far", async () => {
    using folder = temporaryFolder()
    const args = ["--data", join(folder.path, "stock"), "--seed", "5"]
    let sent = false
    const { code, out, err } = await run(args, (text, kill) => {
      if (sent || !text.includes("receiving: 400 of 400")) return
      sent = true
      kill("SIGINT")
    })
    expect(code).toBe(130)
    expect(err).toContain("no more orders are taken")
    expect(out).toContain("oversold: 0\n")
    expect(out).toContain("verify: not run")
  })

  it("says what is wrong with its flags, and exits with 2", async () => {
    const { code, out, err } = await run(["--buyers", "0"])
    expect(code).toBe(2)
    expect(out).toBe("")
    expect(err).toContain("It must be a whole number from 1 to")
    expect(err).not.toContain("    at ")
  })

  it("says in a sentence that there is no PostgreSQL, and exits with 1", async () => {
    const { code, err } = await run(["--url", "postgres://nobody:secret@127.0.0.1:1/nothing"])
    expect(code).toBe(1)
    expect(err).toMatch(/^the demo ended early: .*\n$/)
    expect(err).not.toContain("secret")
  })
})
