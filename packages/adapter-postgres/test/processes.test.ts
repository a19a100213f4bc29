import { postgres } from "@holdfast/adapter-postgres"
import { type Inventory, openInventory } from "@holdfast/core"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import { describe, expect, it, onTestFinished } from "vitest"
import { startChild } from "./support/child.ts"
import type { RacerSaid, RacerTask } from "./support/racer.ts"

type Answer = Exclude<RacerSaid, { readonly ready: true }>

const stocked = async (url: string, quantity: number): Promise<Inventory> => {
  const inventory = await openInventory({ journal: postgres({ url }) })
  onTestFinished(() => inventory.close())
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity })
  return inventory
}

/** Lets processes race, each with its own buyers; gives the answers by process. */
const race = async (tasks: ReadonlyArray<RacerTask>): Promise<ReadonlyArray<ReadonlyArray<Answer>>> => {
  const racers = tasks.map((task) => startChild<RacerSaid>("racer.ts", task))
  await Promise.all(racers.map((racer) => racer.hear((said) => "ready" in said)))
  for (const racer of racers) racer.tell("go")
  await Promise.all(racers.map((racer) => racer.ended()))
  return racers.map(({ said }) => said.filter((message): message is Answer => !("ready" in message)))
}

describe("several processes on one PostgreSQL", () => {
  it.each([1, 7, 100])(
    "law 1: two processes with 120 buyers in all race for %i units: exactly so many win",
    async (units) => {
      const url = await testDatabase()
      const inventory = await stocked(url, units)
      const answers = (
        await race(["a", "b"].map((name): RacerTask => ({ url, name, buyers: 60, commandIds: "own" })))
      ).flat()
      expect(answers).toHaveLength(120)
      expect(answers.filter(({ receipt }) => receipt !== undefined)).toHaveLength(units)
      const losers = answers.filter(({ receipt }) => receipt === undefined)
      expect(new Set(losers.map(({ refusal }) => refusal))).toEqual(new Set(["InsufficientStock"]))
      expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([
        { onHand: units, reserved: units, available: 0 }
      ])
      expect(await inventory.verify()).toMatchObject({ ok: true })
      for (const { id, receipt } of answers) {
        expect((await inventory.reservation(id))?.status).toBe(receipt === undefined ? undefined : "active")
      }
    }
  )

  it("law 4: the same commands sent by two processes at once take effect once, and both get the same receipts", async () => {
    const url = await testDatabase()
    const inventory = await stocked(url, 1_000)
    const { position } = await inventory.head()
    const [a = [], b = []] = await race(
      ["a", "b"].map((name): RacerTask => ({ url, name, buyers: 80, commandIds: "shared" }))
    )
    expect(a).toHaveLength(80)
    const receipts = (answers: ReadonlyArray<Answer>) => new Map(answers.map(({ id, receipt }) => [id, receipt]))
    expect(receipts(b)).toEqual(receipts(a))
    expect([...receipts(a).values()]).not.toContain(undefined)
    expect((await inventory.head()).position).toBe(position + 80)
    expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([{ reserved: 80 }])
    expect(await inventory.verify()).toMatchObject({ ok: true })
  })
})
