/** `npm run demo`: reads the command line, runs the demo, and turns what came of it into an exit code. */
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { pglite, postgres } from "@holdfast/adapter-postgres"
import { BrokenOff, runDemo } from "./demo.ts"
import { NoRun, type Options, parseOptions } from "./options.ts"
import { csvOrders } from "./orders/csv.ts"
import { generatedOrders } from "./orders/generate.ts"
import { isSound, writeReport } from "./report.ts"

/** Orders to make up when none are given. */
const generatedCount = 10_000

/** What a shell expects of a program that Ctrl-C ended. */
const interruptedCode = 130

/** npm passes the terminal's Ctrl-C on, so one keystroke arrives twice; later ones mean it. */
const secondSignalAfterMs = 1_000

/** A tenant of its own for every run: the same store can be used again, and runs never see each other's stock. */
const newTenant = (): string => {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")
  return `demo-${stamp}-${randomBytes(2).toString("hex")}`
}

/** The server's address without its password. */
const safeUrl = (text: string): string => {
  const url = new URL(text)
  url.password = ""
  url.search = ""
  return url.href
}

/** Aborts at the first Ctrl-C; a later one ends the process at once. */
const stopOnSignal = (): AbortSignal => {
  const controller = new AbortController()
  let firstAt: number | undefined
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = performance.now()
      process.stderr.write("\nstopping: no more orders are taken (again to quit at once)\n")
      controller.abort()
    } else if (performance.now() - firstAt > secondSignalAfterMs) process.exit(interruptedCode)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  return controller.signal
}

const run = async (options: Options): Promise<number> => {
  const stop = stopOnSignal()
  const { orders, url, data, seed, buyers, stock } = options
  const tenant = newTenant()
  const place = url === undefined ? `PGlite in ${join(data)}` : `PostgreSQL at ${safeUrl(url)}`
  process.stdout.write(
    `Holdfast on ${place}, tenant ${tenant}, ${buyers} buyers, stock ${stock} of each SKU, seed ${seed}\n`
  )
  const source = orders === undefined ? generatedOrders({ seed, orders: generatedCount }) : csvOrders(orders)
  const journal = url === undefined ? pglite({ dataDir: data }) : postgres({ url })
  try {
    const outcome = await runDemo({ journal, tenant, source, buyers, stock, seed, output: process.stdout, stop })
    writeReport(process.stdout, outcome)
    return isSound(outcome) ? (stop.aborted ? interruptedCode : 0) : 1
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error
    if (error.outcome.tally.orders > 0) writeReport(process.stdout, error.outcome)
    process.stderr.write(`the demo ended early: ${error.message}\n`)
    return 1
  }
}

// Whoever reads the output may stop reading it, `head` for one; that is no failure of the run.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
})

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof NoRun)) throw error
  process.exitCode = error.exitCode
}
