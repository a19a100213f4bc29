import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pglite, postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import type { JournalProvider } from "@holdfast/core/ports"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import { describe, expect, it, onTestFinished } from "vitest"
import { startChild } from "./support/child.ts"
import type { WriterSaid, WriterTask } from "./support/writer.ts"

const receivedUnits = 1_000_000

const prepare = async (journal: JournalProvider): Promise<void> => {
  const inventory = await openInventory({ journal })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: receivedUnits })
  await inventory.close()
}

/** Everything acknowledged is there, at the position that was told; nothing is there twice; and the books are right. */
const checkAcknowledged = async (journal: JournalProvider, said: ReadonlyArray<WriterSaid>): Promise<void> => {
  const inventory = await openInventory({ journal })
  try {
    expect(await inventory.verify()).toMatchObject({ ok: true })
    const positions = new Map<string, number>()
    for await (const event of inventory.subscribe({ untilHead: true })) {
      if (event.position !== event.commandPosition) continue
      expect(positions.has(event.commandId)).toBe(false)
      positions.set(event.commandId, event.position)
    }
    for (const { commandId, position } of said) expect(positions.get(commandId)).toBe(position)
    const reserved = [...positions.keys()].filter((id) => id.startsWith("reserve-")).length
    expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([
      { onHand: receivedUnits, reserved, available: receivedUnits - reserved }
    ])
  } finally {
    await inventory.close()
  }
}

/** Runs writers, kills them all once they have been told of so many commands, and gives what they had said. */
const killInMidRun = async (
  tasks: ReadonlyArray<WriterTask>,
  acknowledged: number
): Promise<ReadonlyArray<WriterSaid>> => {
  const writers = tasks.map((task) => startChild<WriterSaid>("writer.ts", task))
  await Promise.all(
    writers.map((writer) => {
      let heard = 0
      return writer.hear(() => ++heard >= acknowledged)
    })
  )
  await Promise.all(writers.map((writer) => writer.kill()))
  return writers.flatMap(({ said }) => said)
}

describe("law 5: SIGKILL in mid-run loses nothing acknowledged and doubles nothing", () => {
  it("on a PGlite folder, several times in a row", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "holdfast-crash-"))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 }))
    await prepare(pglite({ dataDir }))
    const said: Array<WriterSaid> = []
    for (const [round, acknowledged] of [1, 700].entries()) {
      said.push(...(await killInMidRun([{ dataDir, name: `round-${round}`, callers: 16 }], acknowledged)))
      await checkAcknowledged(pglite({ dataDir }), said)
    }
    expect(said.length).toBeGreaterThanOrEqual(701)
  }, 180_000)

  it("on PostgreSQL, two writers at once", async () => {
    const url = await testDatabase()
    await prepare(postgres({ url }))
    const said: Array<WriterSaid> = []
    for (const [round, acknowledged] of [1, 500, 999].entries()) {
      const tasks = ["a", "b"].map((name): WriterTask => ({ url, name: `round-${round}-${name}`, callers: 16 }))
      said.push(...(await killInMidRun(tasks, acknowledged)))
      await checkAcknowledged(postgres({ url }), said)
    }
    expect(said.length).toBeGreaterThanOrEqual(3_000)
  }, 180_000)
})
