/** Law 14: scopes and subtrees never see or consume each other's stock, and each answers what can be promised there. */
import { seeded } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { smallInventory } from "./support.ts"

const claim = (quantity: number, scope: { readonly within?: string; readonly exactly?: string }, id = "r") => ({
  id,
  owner: "cart",
  lines: [{ sku: "bolt", quantity, ...scope }],
  expiresIn: 1_000
})

describe("law 14: scopes", () => {
  it("siblings never see each other's stock or claims", () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (north, south, claimed) => {
        const inventory = smallInventory()
        if (north > 0) inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: north })
        if (south > 0) inventory.do("receive", { sku: "bolt", to: "south", quantity: south })
        const won = claimed > 0 && inventory.try("reserve", claim(claimed, { within: "north" })) === undefined
        expect(won).toBe(claimed > 0 && claimed <= north)
        expect(inventory.available("bolt", { within: "north" })).toBe(won ? north - claimed : north)
        expect(inventory.available("bolt", { within: "south" })).toBe(south)
        expect(inventory.available("bolt")).toBe(north + south - (won ? claimed : 0))
      }),
      seeded(60)
    )
  })

  it("exactly a place is not its subtree", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 3 })
    inventory.do("receive", { sku: "bolt", to: "north", quantity: 2 })
    expect(inventory.available("bolt", { exactly: "north" })).toBe(2)
    expect(inventory.available("bolt", { within: "north" })).toBe(5)
    expect(inventory.try("reserve", claim(3, { exactly: "north" }))).toMatchObject({ available: 2, exactly: true })
  })

  it("a wide claim limits each narrow scope only as far as the others cannot serve it", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 4 })
    inventory.do("receive", { sku: "bolt", to: "south", quantity: 3 })
    inventory.do("reserve", claim(5, { within: "country" }))
    expect(inventory.availability("bolt", { within: "north" })).toMatchObject({ available: 2, claimedAbove: 2 })
    expect(inventory.availability("bolt", { within: "south" })).toMatchObject({ available: 2, claimedAbove: 1 })
    expect(inventory.available("bolt")).toBe(2)
  })

  it("confirming a wide claim leaves narrow claims what they count on", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 4 })
    inventory.do("receive", { sku: "bolt", to: "south", quantity: 4 })
    inventory.do("reserve", claim(3, { exactly: "bin-1" }, "narrow"))
    inventory.do("reserve", claim(5, {}, "wide"))
    const [line] = inventory.do("confirm", { reservation: "wide" }).lines
    expect(line?.allocations.map(({ location, quantity }) => [location, quantity])).toEqual([
      ["bin-1", 1],
      ["south", 4]
    ])
    expect(inventory.try("confirm", { reservation: "narrow" })).toBeUndefined()
  })

  it("a deficit at one place never reduces what another can promise", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("receive", { sku: "bolt", to: "bin-2", quantity: 4 })
    inventory.do("reserve", claim(5, { exactly: "bin-1" }))
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 2 })
    expect(inventory.available("bolt", { exactly: "bin-1" })).toBe(-3)
    expect(inventory.available("bolt", { within: "bin-2" })).toBe(4)
    expect(inventory.availability("bolt", { within: "north" })).toMatchObject({ available: 4, shortBelow: 3 })
    expect(inventory.try("reserve", claim(4, { within: "north" }, "r2"))).toBeUndefined()
  })

  it("a deficit of a wide claim never keeps a narrow one from its own stock", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 10 })
    inventory.do("reserve", claim(5, {}, "wide"))
    inventory.do("reserve", claim(5, { within: "north" }, "narrow"))
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 6 })
    expect(inventory.try("confirm", { reservation: "wide" })).toMatchObject({ _tag: "InsufficientStock", available: 1 })
    expect(inventory.try("confirm", { reservation: "narrow" })).toBeUndefined()
  })

  it("of equal claims that outgrew their stock, the first to confirm is served", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 7 })
    inventory.do("reserve", claim(5, { within: "north" }, "big"))
    inventory.do("reserve", claim(2, { within: "north" }, "small"))
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 3 })
    expect(inventory.try("confirm", { reservation: "big" })).toMatchObject({ _tag: "InsufficientStock", available: 3 })
    expect(inventory.try("confirm", { reservation: "small" })).toBeUndefined()
  })

  it("goods that left the building are not allocated again", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-2", quantity: 6 })
    inventory.do("issue", { sku: "bolt", from: "bin-2", quantity: 2 })
    inventory.do("reserve", claim(4, {}))
    const [line] = inventory.do("confirm", { reservation: "r" }).lines
    expect(line?.allocations.map(({ location, quantity }) => [location, quantity])).toEqual([["bin-2", 4]])
  })
})

describe("moving stock and places", () => {
  it("a move inside a claim's scope is free, one out of it is refused", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("reserve", claim(5, { within: "north" }))
    expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 5 })).toBeUndefined()
    expect(inventory.try("move", { sku: "bolt", from: "bin-2", to: "south", quantity: 1 })).toMatchObject({
      _tag: "InsufficientStock",
      available: 0
    })
  })

  it("a move to a place that lacks stock itself is refused as far as wider claims count on the goods", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("receive", { sku: "bolt", to: "bin-2", quantity: 3 })
    inventory.do("reserve", claim(3, { exactly: "bin-2" }, "narrow"))
    inventory.do("count", { sku: "bolt", at: "bin-2", quantity: 0 })
    inventory.do("reserve", claim(4, { within: "north" }, "wide"))
    expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 2 })).toMatchObject({
      _tag: "InsufficientStock",
      available: 1
    })
    expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 1 })).toBeUndefined()
    expect(inventory.try("confirm", { reservation: "wide" })).toBeUndefined()
  })

  it("a change of owner at the same place breaks no claim on that place", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("reserve", claim(5, { exactly: "bin-1" }))
    expect(
      inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-1", quantity: 5, toOwner: "vendor" })
    ).toBeUndefined()
  })

  it("a move to where the goods are already is no command, however that place is spelled", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    for (const spelled of [{}, { toCondition: "good" }, { toOwner: "self" }, { condition: "good", owner: "self" }]) {
      expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-1", quantity: 1, ...spelled })).toMatchObject(
        {
          _tag: "InvalidCommand",
          field: "to"
        }
      )
    }
  })

  it("a place takes its stock and claims along to another parent, unless claims it leaves behind count on them", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("reserve", claim(2, { exactly: "bin-1" }, "along"))
    inventory.do("reserve", claim(3, { within: "north" }, "behind"))
    expect(inventory.try("reparentLocation", { id: "bin-1", parent: "south" })).toMatchObject({
      _tag: "ClaimsWouldBreak",
      sku: "bolt",
      scope: "north",
      missing: 3
    })
    inventory.do("release", { reservation: "behind" })
    inventory.do("reparentLocation", { id: "bin-1", parent: "south" })
    expect(inventory.availability("bolt", { within: "south" })).toMatchObject({ onHand: 5, reserved: 2, available: 3 })
    expect(inventory.availability("bolt", { within: "north" })).toMatchObject({ onHand: 0, reserved: 0, available: 0 })
  })

  it("a place cannot stand under itself or below itself, nor under more than 16 ancestors", () => {
    const inventory = smallInventory()
    expect(inventory.try("reparentLocation", { id: "north", parent: "north" })?._tag).toBe("InvalidParent")
    expect(inventory.try("reparentLocation", { id: "country", parent: "north" })?._tag).toBe("InvalidParent")
    let parent = "country"
    // world > country > site-2 > … > site-16, which has 16 ancestors.
    for (let ancestors = 2; ancestors <= 16; ancestors++) {
      inventory.do("registerLocation", { id: `site-${ancestors}`, kind: "site", parent })
      parent = `site-${ancestors}`
    }
    expect(inventory.try("registerLocation", { id: "too-deep", kind: "bin", parent })?._tag).toBe("InvalidParent")
    expect(inventory.try("reparentLocation", { id: "north", parent: "site-15" })?._tag).toBe("InvalidParent")
    expect(inventory.try("reparentLocation", { id: "south", parent: "site-15" })).toBeUndefined()
  })
})

describe("an editable code", () => {
  it("never carries claims or stock: they hang on the immutable id", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("reserve", claim(2, {}))
    inventory.do("changeSkuCode", { id: "bolt", code: "BOLT-M8" })
    inventory.do("registerSku", { id: "other", code: "bolt" })
    expect(inventory.available("bolt")).toBe(3)
    expect(inventory.available("other")).toBe(0)
    expect(inventory.try("confirm", { reservation: "r" })).toBeUndefined()
    expect(inventory.try("changeSkuCode", { id: "other", code: "BOLT-M8" })).toMatchObject({
      _tag: "SkuCodeTaken",
      sku: "bolt"
    })
  })
})
