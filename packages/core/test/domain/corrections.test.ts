/** Law 15: the truth is always bookable, and demand ships what is allocated to it. */
import { seeded } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { smallInventory } from "./support.ts"

const claimed = () => {
  const inventory = smallInventory()
  inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 10 })
  inventory.do("placeHold", { id: "h", sku: "bolt", at: "bin-1", quantity: 2 })
  inventory.do("reserve", { id: "firm", owner: "order", lines: [{ sku: "bolt", quantity: 4 }], expiresIn: 1_000 })
  inventory.do("confirm", { reservation: "firm" })
  inventory.do("reserve", { id: "soft", owner: "cart", lines: [{ sku: "bolt", quantity: 4 }], expiresIn: 1_000 })
  return inventory
}

describe("law 15: corrections", () => {
  it("to any count are accepted, whatever is claimed or held", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 5 }), (counts) => {
        const inventory = claimed()
        for (const quantity of counts) {
          expect(inventory.try("count", { sku: "bolt", at: "bin-1", quantity })).toBeUndefined()
          expect(inventory.availability("bolt")).toMatchObject({ onHand: quantity, held: 2, allocated: 4, reserved: 4 })
        }
      }),
      seeded(40)
    )
  })

  it("are accepted when the balance is out of range already, and only stop at what is not there", () => {
    const inventory = claimed()
    const down = (quantity: number) =>
      inventory.try("adjust", { sku: "bolt", at: "bin-1", direction: "decrease", quantity, reasonCode: "lost" })
    expect(down(8)).toBeUndefined()
    expect(inventory.available("bolt")).toBeLessThan(0)
    expect(down(1)).toBeUndefined()
    expect(down(2)).toMatchObject({ _tag: "InsufficientOnHand", onHand: 1 })
    expect(down(1)).toBeUndefined()
    expect(inventory.availability("bolt").onHand).toBe(0)
  })
})

describe("law 15: demand", () => {
  it("ships what is allocated to it, whatever available says", () => {
    const inventory = claimed()
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 4 })
    expect(inventory.available("bolt")).toBeLessThan(0)
    expect(inventory.do("ship", { reservation: "firm" }).lines).toEqual([
      { line: 1, sku: "bolt", quantity: 4, from: "bin-1" }
    ])
    expect(inventory.availability("bolt")).toMatchObject({ onHand: 0, allocated: 0 })
  })

  it("cannot ship what is physically gone, is told so, and ships what is there", () => {
    const inventory = claimed()
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 3 })
    expect(inventory.try("ship", { reservation: "firm" })).toMatchObject({
      _tag: "InsufficientOnHand",
      requested: 4,
      onHand: 3
    })
    expect(inventory.try("ship", { reservation: "firm", lines: [{ line: 1, quantity: 3 }] })).toBeUndefined()
  })

  it("is never shipped by someone else's issue or move", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 4 })
    inventory.do("reserve", { id: "firm", owner: "order", lines: [{ sku: "bolt", quantity: 3 }], expiresIn: 1_000 })
    inventory.do("confirm", { reservation: "firm" })
    expect(inventory.try("issue", { sku: "bolt", from: "bin-1", quantity: 2 })).toMatchObject({ available: 1 })
    expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 2 })).toMatchObject({
      available: 1
    })
  })

  it("that is short at confirmation is told so, and keeps its claim", () => {
    const inventory = claimed()
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 7 })
    expect(inventory.try("confirm", { reservation: "soft" })).toMatchObject({
      _tag: "InsufficientStock",
      requested: 4,
      available: 1
    })
    expect(inventory.availability("bolt").reserved).toBe(4)
  })
})

describe("backorders", () => {
  const waiting = () => {
    const inventory = smallInventory()
    for (const id of ["first", "second"]) {
      inventory.do("reserve", { id, owner: "order", lines: [{ sku: "nut", quantity: 3 }], expiresIn: 1_000 })
    }
    return inventory
  }

  it("record unmet demand without a negative stock, and goods that come in go to the oldest first", () => {
    const inventory = waiting()
    expect(inventory.availability("nut")).toMatchObject({ onHand: 0, reserved: 0, available: 0 })
    inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 4 })
    expect(inventory.availability("nut")).toMatchObject({ onHand: 4, reserved: 4, available: 0 })
    expect(inventory.try("confirm", { reservation: "first" })).toBeUndefined()
    expect(inventory.try("confirm", { reservation: "second" })).toMatchObject({
      _tag: "ReservationBackordered",
      backordered: 2
    })
  })

  it("are filled by whatever makes stock promisable: returns, moves, corrections, counts, lifted holds, releases", () => {
    const sources: ReadonlyArray<readonly [string, (inventory: ReturnType<typeof smallInventory>) => () => void]> = [
      ["return", (inventory) => () => inventory.do("return", { sku: "nut", to: "bin-1", quantity: 3 })],
      [
        "adjust",
        (inventory) => () =>
          inventory.do("adjust", { sku: "nut", at: "bin-1", direction: "increase", quantity: 3, reasonCode: "found" })
      ],
      ["count", (inventory) => () => inventory.do("count", { sku: "nut", at: "bin-1", quantity: 3 })],
      [
        "move",
        (inventory) => {
          inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 3, condition: "damaged" })
          return () =>
            inventory.do("move", {
              sku: "nut",
              from: "bin-1",
              to: "bin-2",
              quantity: 3,
              condition: "damaged",
              toCondition: "good"
            })
        }
      ],
      [
        "liftHold",
        (inventory) => {
          inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 3 })
          inventory.do("placeHold", { id: "h", sku: "nut", at: "bin-1", quantity: 3 })
          return () => inventory.do("liftHold", { id: "h" })
        }
      ],
      [
        "release",
        (inventory) => {
          inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 3 })
          inventory.do("reserve", {
            id: "other",
            owner: "cart",
            lines: [{ sku: "nut", quantity: 3 }],
            expiresIn: 1_000
          })
          return () => inventory.do("release", { reservation: "other" })
        }
      ]
    ]
    for (const [name, prepare] of sources) {
      const inventory = smallInventory()
      const act = prepare(inventory)
      inventory.do("reserve", { id: "waiting", owner: "order", lines: [{ sku: "nut", quantity: 3 }], expiresIn: 1_000 })
      expect(inventory.try("confirm", { reservation: "waiting" })?._tag, name).toBe("ReservationBackordered")
      act()
      expect(inventory.try("confirm", { reservation: "waiting" }), name).toBeUndefined()
    }
  })

  it("go with the reservation that is released or expires, and are not filled any more", () => {
    const inventory = waiting()
    inventory.do("release", { reservation: "first" })
    inventory.now += 1_000
    inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 9 })
    expect(inventory.availability("nut")).toMatchObject({ reserved: 0, available: 9 })
  })
})

describe("law 12: quantities are exact", () => {
  it("n in and n out is exactly zero, whatever the scale and however it is split", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000_000_000 }), { minLength: 1, maxLength: 9 }), (grams) => {
        const inventory = smallInventory()
        inventory.do("registerSku", { id: "tea", baseUnit: "kg", scale: 3 })
        inventory.do("receive", { sku: "tea", to: "bin-1", quantity: grams.reduce((sum, part) => sum + part, 0) })
        for (const quantity of grams) inventory.do("issue", { sku: "tea", from: "bin-1", quantity })
        expect(inventory.availability("tea")).toMatchObject({ onHand: 0, available: 0 })
      }),
      seeded(30)
    )
  })
})
