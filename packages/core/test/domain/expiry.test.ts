/** Law 7: a claim is dead at `expiresAt`, exactly. */
import { reservations } from "@holdfast/core/domain"
import { seeded } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { balances, smallInventory } from "./support.ts"

const claimUntil = (expiresAt: number, quantity = 5) => {
  const inventory = smallInventory()
  inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
  inventory.do("reserve", { id: "r", owner: "cart", lines: [{ sku: "bolt", quantity }], expiresAt })
  return inventory
}

const another = { id: "r2", owner: "cart", lines: [{ sku: "bolt", quantity: 1 }], expiresIn: 1 } as const

describe("law 7: expiry is exact at the instant", () => {
  it("one millisecond before, the claim stands; at the instant, its stock is free", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_001, max: 4_000_000_000_000 }), (expiresAt) => {
        const before = claimUntil(expiresAt)
        before.now = expiresAt - 1
        expect(before.try("reserve", another)?._tag).toBe("InsufficientStock")
        const at = claimUntil(expiresAt)
        at.now = expiresAt
        expect(at.try("reserve", another)).toBeUndefined()
      }),
      seeded(30)
    )
  })

  it("one millisecond before, it can be confirmed; at the instant it cannot, and the refusal says when it lapsed", () => {
    const before = claimUntil(2_000)
    before.now = 1_999
    expect(before.try("confirm", { reservation: "r" })).toBeUndefined()
    for (const now of [2_000, 2_001, 9_999]) {
      const after = claimUntil(2_000)
      after.now = now
      for (const refusal of [
        after.try("confirm", { reservation: "r" }),
        after.try("extend", { reservation: "r", expiresIn: "1 hour" }),
        after.try("release", { reservation: "r" }),
        after.try("ship", { reservation: "r" })
      ]) {
        expect(refusal).toMatchObject({ _tag: "ReservationExpired", reservation: "r", expiredAt: 2_000 })
      }
    }
  })

  it("recorded late, it is recorded as of the instant, and frees everything once", () => {
    const inventory = claimUntil(2_000)
    inventory.now = 50_000
    const [event, ...more] = inventory.run.lapse(inventory.now)
    expect(more).toEqual([])
    expect(event?.data).toEqual({ id: "r", expiredAt: 2_000, lines: [{ line: 1, sku: "bolt", quantity: 5 }] })
    expect(inventory.run.lapse(inventory.now)).toEqual([])
    expect(inventory.available("bolt")).toBe(5)
  })

  it("what lapses goes to waiting demand at once, recorded late or not", () => {
    for (const sweptAt of [2_000, 50_000]) {
      const inventory = smallInventory()
      inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 5 })
      inventory.do("reserve", { id: "first", owner: "cart", lines: [{ sku: "nut", quantity: 5 }], expiresAt: 2_000 })
      inventory.do("reserve", { id: "brief", owner: "cart", lines: [{ sku: "nut", quantity: 4 }], expiresAt: 3_000 })
      inventory.do("reserve", { id: "patient", owner: "cart", lines: [{ sku: "nut", quantity: 3 }], expiresAt: 90_000 })
      inventory.now = sweptAt
      expect(inventory.try("confirm", { reservation: "brief" })?._tag).toBe(
        sweptAt < 3_000 ? undefined : "ReservationExpired"
      )
      expect(inventory.try("confirm", { reservation: "patient" })?._tag).toBe(
        sweptAt < 3_000 ? "ReservationBackordered" : undefined
      )
    }
  })

  it("a clock that steps back does not bring a lapsed claim back to life", () => {
    const inventory = claimUntil(2_000)
    inventory.now = 2_000
    inventory.run.lapse(inventory.now)
    inventory.now = 1_500
    expect(inventory.try("confirm", { reservation: "r" })?._tag).toBe("ReservationExpired")
    expect(inventory.available("bolt")).toBe(5)
  })

  it("claims lapse in the order of their instants, ties by id", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    for (const [id, expiresAt] of [
      ["b", 3_000],
      ["c", 2_000],
      ["a", 3_000],
      ["later", 9_000]
    ] as const) {
      inventory.do("reserve", { id, owner: "cart", lines: [{ sku: "bolt", quantity: 1 }], expiresAt })
    }
    expect(inventory.run.world.due(2_999)).toEqual(["c"])
    expect(inventory.run.world.due(3_000)).toEqual(["c", "a", "b"])
    expect(inventory.run.world.due(1_999)).toEqual([])
  })

  it("a confirmed claim does not expire", () => {
    const inventory = claimUntil(2_000)
    inventory.do("confirm", { reservation: "r" })
    inventory.now = 1_000_000
    expect(inventory.run.lapse(inventory.now)).toEqual([])
    expect(inventory.try("ship", { reservation: "r" })).toBeUndefined()
  })

  it("an expiry in the past, or now, is refused and claims nothing", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    const before = balances(inventory.run.world)
    for (const expiresAt of [0, 999, 1_000]) {
      expect(
        inventory.try("reserve", { id: "r", owner: "cart", lines: [{ sku: "bolt", quantity: 1 }], expiresAt })
      ).toMatchObject({ _tag: "ExpiryTooEarly", expiresAt, mustBeAfter: 1_000 })
    }
    expect(balances(inventory.run.world)).toEqual(before)
  })
})

describe("extending a claim while a payment is in flight", () => {
  it("works up to the cap and no further", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    inventory.do("reserve", {
      id: "r",
      owner: "cart",
      lines: [{ sku: "bolt", quantity: 1 }],
      expiresIn: "10 minutes",
      extendableFor: "30 minutes"
    })
    const cap = inventory.now + 30 * 60_000
    expect(inventory.do("extend", { reservation: "r", expiresAt: cap })).toEqual({ reservation: "r", expiresAt: cap })
    expect(inventory.try("extend", { reservation: "r", expiresAt: cap + 1 })).toMatchObject({
      _tag: "ExpiryBeyondCap",
      extendableUntil: cap
    })
    inventory.now = cap - 1
    expect(inventory.run.world.due(inventory.now)).toEqual([])
    inventory.now = cap
    expect(inventory.try("confirm", { reservation: "r" })?._tag).toBe("ReservationExpired")
  })

  it("never shortens it", () => {
    const inventory = claimUntil(5_000)
    for (const expiresAt of [1_500, 5_000]) {
      expect(inventory.try("extend", { reservation: "r", expiresAt })).toMatchObject({
        _tag: "ExpiryTooEarly",
        mustBeAfter: 5_000
      })
    }
    expect(inventory.rows(reservations)[0]?.expiresAt).toBe(5_000)
  })

  it("is capped at 24 hours when the caller does not say, or at its own expiry if that is later", () => {
    const day = 24 * 3_600_000
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    const lines = [{ sku: "bolt", quantity: 1 }]
    expect(inventory.do("reserve", { id: "short", owner: "cart", lines, expiresIn: 10 }).extendableUntil).toBe(
      1_000 + day
    )
    expect(inventory.do("reserve", { id: "long", owner: "cart", lines, expiresIn: "3 days" }).extendableUntil).toBe(
      1_000 + 3 * day
    )
  })
})
