/** Law 1 and law 2: nothing is promised twice, whoever asks and however often a request names it. */
import { InsufficientStock, linesMax, reservations } from "@holdfast/core/domain"
import { seeded } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { smallInventory } from "./support.ts"

const forAnHour = { owner: "cart", expiresIn: "1 hour" } as const

describe("law 1: the last units", () => {
  it("of N racers for the last unit exactly one wins, and the reserved figure is that one", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 1 })
    const refusals = Array.from({ length: 400 }, (_, racer) =>
      inventory.try("reserve", { id: `r${racer}`, lines: [{ sku: "bolt", quantity: 1 }], ...forAnHour })
    )
    expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(1)
    expect(inventory.availability("bolt")).toMatchObject({ reserved: 1, available: 0 })
  })

  it("of N racers for k units exactly k win, in whatever scopes they ask", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.array(fc.constantFrom({}, { within: "north" }, { exactly: "bin-1" }, { within: "country" }), {
          minLength: 20,
          maxLength: 20
        }),
        (units, scopes) => {
          const inventory = smallInventory()
          if (units > 0) inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: units })
          const won = scopes.filter(
            (scope, racer) =>
              inventory.try("reserve", {
                id: `r${racer}`,
                lines: [{ sku: "bolt", quantity: 1, ...scope }],
                ...forAnHour
              }) === undefined
          )
          expect(won).toHaveLength(Math.min(units, 20))
          expect(inventory.availability("bolt").reserved).toBe(won.length)
        }
      ),
      seeded(25)
    )
  })

  it("stock drained between looking and claiming makes the claim fail with what was asked and what is left", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    expect(inventory.available("bolt")).toBe(5)
    inventory.do("issue", { sku: "bolt", from: "bin-1", quantity: 3 })
    const refusal = inventory.try("reserve", {
      id: "r",
      lines: [{ sku: "bolt", quantity: 4, within: "north" }],
      ...forAnHour
    })
    expect(refusal).toBeInstanceOf(InsufficientStock)
    expect(refusal).toMatchObject({ sku: "bolt", requested: 4, available: 2, scope: "north", exactly: false })
  })
})

describe("law 2: one SKU several times in one request", () => {
  it("3 + 3 of 5 is refused whole, with the sum, and nothing is reserved", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    const refusal = inventory.try("reserve", {
      id: "r",
      lines: [
        { sku: "bolt", quantity: 3 },
        { sku: "bolt", quantity: 3 }
      ],
      ...forAnHour
    })
    expect(refusal).toMatchObject({ _tag: "InsufficientStock", requested: 6, available: 5 })
    expect(inventory.availability("bolt")).toMatchObject({ reserved: 0, available: 5 })
    expect(inventory.rows(reservations)).toEqual([])
  })

  it("is judged on the sum across overlapping scopes too", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    for (const [a, b] of [
      ["bin-1", "north"],
      ["north", "bin-1"],
      ["country", "bin-1"]
    ] as const) {
      const refusal = inventory.try("reserve", {
        id: `${a} and ${b}`,
        lines: [
          { sku: "bolt", quantity: 3, within: a },
          { sku: "bolt", quantity: 3, within: b }
        ],
        ...forAnHour
      })
      expect(refusal?._tag).toBe("InsufficientStock")
    }
    expect(inventory.available("bolt")).toBe(5)
  })

  it("any split of a quantity over lines is accepted exactly when the whole is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
        (stock, quantities) => {
          const inventory = smallInventory()
          inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: stock })
          const asked = quantities.reduce((sum, quantity) => sum + quantity, 0)
          const refusal = inventory.try("reserve", {
            id: "r",
            lines: quantities.map((quantity) => ({ sku: "bolt", quantity })),
            ...forAnHour
          })
          expect(refusal === undefined).toBe(asked <= stock)
          expect(inventory.available("bolt")).toBe(asked <= stock ? stock - asked : stock)
        }
      ),
      seeded(60)
    )
  })

  it("a backordered SKU on two lines reserves each unit once and backorders the rest of the sum", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 5 })
    const answer = inventory.do("reserve", {
      id: "r",
      lines: [
        { sku: "nut", quantity: 3 },
        { sku: "nut", quantity: 3 }
      ],
      ...forAnHour
    })
    expect(answer.lines).toMatchObject([
      { reserved: 3, backordered: 0 },
      { reserved: 2, backordered: 1 }
    ])
  })

  it("lines naming SKUs in opposite orders are accepted alike", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 500 })
    inventory.do("receive", { sku: "nut", to: "bin-2", quantity: 500 })
    for (let i = 0; i < 500; i++) {
      const lines = [
        { sku: "bolt", quantity: 1 },
        { sku: "nut", quantity: 1 }
      ]
      inventory.run.run({
        name: "reserve",
        input: { id: `r${i}`, lines: i % 2 === 0 ? lines : lines.reverse(), ...forAnHour },
        now: inventory.now
      })
    }
    expect([inventory.available("bolt"), inventory.available("nut")]).toEqual([0, 0])
  })
})

describe("a claim with very many lines", () => {
  it("is all or nothing and itemised, never truncated", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: linesMax })
    const lines = Array.from({ length: linesMax }, () => ({ sku: "bolt", quantity: 1 }))
    const short = [...lines.slice(1), { sku: "bolt", quantity: 2 }]
    expect(inventory.try("reserve", { id: "short", lines: short, ...forAnHour })).toMatchObject({
      requested: linesMax + 1,
      available: linesMax
    })
    expect(inventory.available("bolt")).toBe(linesMax)
    expect(inventory.do("reserve", { id: "r", lines, ...forAnHour }).lines).toHaveLength(linesMax)
    const confirmed = inventory.do("confirm", { reservation: "r" })
    expect(confirmed.lines).toHaveLength(linesMax)
    expect(inventory.do("ship", { reservation: "r" }).lines).toHaveLength(linesMax)
    expect(inventory.availability("bolt")).toMatchObject({ onHand: 0, allocated: 0, reserved: 0 })
  })
})
