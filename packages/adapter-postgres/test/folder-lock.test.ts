import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pglite } from "@holdfast/adapter-postgres"
import { openInventory, StorageUnavailable } from "@holdfast/core"
import { describe, expect, it, onTestFinished } from "vitest"
import { startChild } from "./support/child.ts"

interface Said {
  readonly opened?: boolean
  readonly closed?: boolean
  readonly tag?: string
  readonly message?: string
}

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "holdfast-lock-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true, maxRetries: 10 }))
  return made
}

const refusalOf = async (dataDir: string): Promise<StorageUnavailable> => {
  const error = await openInventory({ journal: pglite({ dataDir }) }).then(
    async (inventory) => {
      await inventory.close()
      return undefined
    },
    (error: unknown) => error
  )
  expect(error).toBeInstanceOf(StorageUnavailable)
  return error as StorageUnavailable
}

describe("a folder with other things in it", () => {
  it("is refused by name and left as it was", async () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, "letters.txt"), "Dear Sir")
    const refusal = await refusalOf(dataDir)
    expect(refusal).toMatchObject({ outcome: "not-applied", retryable: false })
    expect(refusal.message).toContain("letters.txt")
    expect(readdirSync(dataDir)).toEqual(["letters.txt"])
  })
})

describe("a PGlite folder serves one process at a time", () => {
  it("a second process is refused with the id of the first, and may open when that has closed", async () => {
    const dataDir = folder()
    const holder = startChild<Said>("holder.ts", { dataDir })
    await holder.hear(({ opened }) => opened === true)
    const refusal = await refusalOf(dataDir)
    expect(refusal).toMatchObject({ outcome: "not-applied", retryable: false })
    expect(refusal.reason).toContain(`process ${holder.pid}`)
    expect(refusal.reason).toContain(dataDir)
    const other = startChild<Said>("holder.ts", { dataDir })
    const said = await other.hear(({ opened }) => opened !== undefined)
    expect(said).toMatchObject({ opened: false, tag: "StorageUnavailable" })
    holder.tell("let go")
    await holder.ended()
    const inventory = await openInventory({ journal: pglite({ dataDir }) })
    expect(await inventory.head()).toMatchObject({ position: 0 })
    await inventory.close()
  })

  it("the lock of a process that died by SIGKILL is taken over", async () => {
    const dataDir = folder()
    const holder = startChild<Said>("holder.ts", { dataDir })
    await holder.hear(({ opened }) => opened === true)
    await refusalOf(dataDir)
    await holder.kill()
    const inventory = await openInventory({ journal: pglite({ dataDir }) })
    await inventory.registerSku({ id: "mug" })
    expect(await inventory.verify()).toMatchObject({ ok: true })
    await inventory.close()
  })

  it("a lock of another process that later got the same id is stale", async () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, "holdfast.lock"), JSON.stringify({ pid: process.pid, startedAt: "1" }))
    const inventory = await openInventory({ journal: pglite({ dataDir }) })
    await inventory.close()
  })

  it("two inventories in one process are refused as well, until the first closes", async () => {
    const dataDir = folder()
    const first = await openInventory({ journal: pglite({ dataDir }) })
    expect((await refusalOf(dataDir)).reason).toContain(`process ${process.pid}`)
    await first.registerSku({ id: "mug" })
    await first.close()
    const second = await openInventory({ journal: pglite({ dataDir }) })
    expect(await second.head()).toMatchObject({ position: 1 })
    await second.close()
  })

  it("of several processes that find a stale lock at once, exactly one takes it", async () => {
    for (let round = 0; round < 5; round++) {
      const dataDir = folder()
      writeFileSync(join(dataDir, "holdfast.lock"), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: "1" }))
      const at = Date.now() + 1_500
      const lockers = Array.from({ length: 8 }, () =>
        startChild<{ readonly got: boolean }>("locker.ts", { folder: dataDir, at })
      )
      const said = await Promise.all(lockers.map((locker) => locker.hear(() => true)))
      await Promise.all(lockers.map((locker) => locker.kill()))
      expect(said.filter(({ got }) => got)).toHaveLength(1)
    }
  })
})
