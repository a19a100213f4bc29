import { memory, openInventory } from "@holdfast/core"
import { describe, expect, it } from "vitest"
import { runDemo } from "../src/demo.ts"
import { csvOrders } from "../src/orders/csv.ts"
import { generatedOrders } from "../src/orders/generate.ts"
import { isSound, writeReport } from "../src/report.ts"
import { captured, temporaryFolder } from "./support.ts"

describe("a small run in memory", () => {
  it("sells nothing twice, verifies, and its books agree with the log", async () => {
    const { output, text } = captured()
    const journal = memory()
    const seed = 20_261_125
    const outcome = await runDemo({
      journal,
      tenant: "test",
      source: generatedOrders({ seed, orders: 400, skus: 20 }),
      buyers: 32,
      stock: 60,
      seed,
      abandonedMs: 200,
      output,
      stop: new AbortController().signal
    })
    const { tally, audit, verification, expiry, explanation } = outcome
    expect(audit).toEqual({ oversold: 0, differences: [] })
    expect(verification).toMatchObject({ ok: true, differences: [], violations: [] })
    expect(expiry?.alive).toEqual([])
    expect(isSound(outcome)).toBe(true)
    // Every way an order can end was taken, and none was lost on the way.
    for (const count of [tally.shipped, tally.refused, tally.released, tally.abandoned, tally.waiting])
      expect(count).toBeGreaterThan(0)
    expect(tally.shipped + tally.refused + tally.released + tally.abandoned + tally.waiting).toBe(400)
    expect(
      tally.unitsShipped + tally.unitsRefused + tally.unitsReleased + tally.unitsAbandoned + tally.unitsWaiting
    ).toBe(tally.unitsAsked)
    expect(explanation?.terms.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(explanation?.available)

    // The log, read by somebody else, tells the same story.
    await using reader = await openInventory({ journal, tenant: "test" })
    let expired = 0
    let shipped = 0
    for await (const event of reader.subscribe({ from: 1, untilHead: true })) {
      if (event.type === "ReservationExpired") expired++
      if (event.type !== "ReservationShipped") continue
      const { movements } = event.data as { readonly movements: ReadonlyArray<{ readonly quantity: number }> }
      for (const { quantity } of movements) shipped += quantity
    }
    expect(expired).toBe(tally.abandoned)
    expect(shipped).toBe(tally.unitsShipped)

    writeReport(output, outcome)
    for (const line of [
      "oversold: 0",
      "verify: ok",
      "commands per second:",
      "slowest step:",
      "most contested SKU:",
      "p99"
    ]) {
      expect(text()).toContain(line)
    }
    expect(text()).not.toContain("\u001b")
  })

  it("dates orders as the file does, and tells orders of one id apart", async () => {
    using folder = temporaryFolder()
    const at = "2011-03-04T05:06:07Z"
    const rows = ["A,x,1", "B,x,1", "A,x,1"].map((row) => `${row},${at}`)
    const journal = memory()
    const outcome = await runDemo({
      journal,
      tenant: "test",
      source: csvOrders(folder.file("orders.csv", ["order_id,sku,quantity,at", ...rows].join("\n"))),
      buyers: 2,
      stock: 10,
      seed: 1,
      abandonedMs: 50,
      output: captured().output,
      stop: new AbortController().signal
    })
    expect(isSound(outcome)).toBe(true)
    await using reader = await openInventory({ journal, tenant: "test" })
    const made: Array<readonly [string, number]> = []
    for await (const { type, data, effectiveAt } of reader.subscribe({ untilHead: true })) {
      if (type === "ReservationMade") made.push([(data as { readonly id: string }).id, effectiveAt])
    }
    expect(made.map(([id]) => id).sort()).toEqual(["A", "A@4", "B"])
    expect(new Set(made.map(([, instant]) => instant))).toEqual(new Set([Date.parse(at)]))
  })

  it("stops taking orders when it is told to, and still knows what it sold", async () => {
    const { output } = captured()
    const controller = new AbortController()
    const whole = generatedOrders({ seed: 3, orders: 2_000, skus: 20 })
    const outcome = await runDemo({
      journal: memory(),
      tenant: "test",
      source: {
        ...whole,
        async *orders() {
          for await (const order of whole.orders()) {
            if (order.number === 100) controller.abort()
            yield order
          }
        }
      },
      buyers: 8,
      stock: 1_000,
      seed: 3,
      output,
      stop: controller.signal
    })
    expect(outcome.tally.orders).toBeGreaterThanOrEqual(99)
    expect(outcome.tally.orders).toBeLessThanOrEqual(108)
    expect(outcome.audit).toEqual({ oversold: 0, differences: [] })
    expect(outcome.verification).toBeUndefined()
  })
})
