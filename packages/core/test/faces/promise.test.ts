/** The Promise face as a host uses it. */
import { type Event, InventoryClosed, type JournalProvider, LogGap, memory, openInventory } from "@holdfast/core"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Door, makeDoor } from "../engine/support.ts"

const throughDoor = async (): Promise<{ readonly door: Door; readonly journal: JournalProvider }> => {
  const door = await Effect.runPromise(Effect.scoped(makeDoor))
  return { door, journal: { _tag: "HoldfastJournal", open: Effect.succeed(door.journal) } }
}

const later = (ms = 20) => new Promise((resume) => setTimeout(resume, ms))

describe("the example of the README", () => {
  it("works as it stands", async () => {
    const inventory = await openInventory({ journal: memory() })
    await inventory.registerLocation({ id: "LDN", kind: "site" })
    await inventory.registerSku({ id: "mug-blue", code: "MUG-BLU" })
    await inventory.receive({ sku: "mug-blue", to: "LDN", quantity: 100, commandId: "po-17-line-1" })
    const cart = await inventory.reserve({
      id: "cart-9",
      owner: "customer-7",
      expiresIn: "15 minutes",
      lines: [{ sku: "mug-blue", quantity: 2, within: "LDN" }]
    })
    await inventory.confirm({ reservation: "cart-9" })
    await inventory.ship({ reservation: "cart-9" })
    const availability = await inventory.availability({ skus: ["mug-blue"], within: "LDN" })
    const explanation = await inventory.explain({ sku: "mug-blue", within: "LDN" })
    await inventory.close()

    expect(cart).toMatchObject({
      reservation: "cart-9",
      lines: [{ line: 1, sku: "mug-blue", quantity: 2, reserved: 2, backordered: 0 }]
    })
    expect(availability).toEqual([
      {
        sku: "mug-blue",
        onHand: 98,
        held: 0,
        reserved: 0,
        allocated: 0,
        claimedAbove: 0,
        shortBelow: 0,
        available: 98,
        position: 6
      }
    ])
    expect(explanation).toMatchObject({
      available: 98,
      terms: [{ term: "onHand", quantity: 98, because: [{ quantity: 98, positions: [6, 3] }] }, {}, {}, {}, {}, {}]
    })
  })
})

describe("the Promise face", () => {
  it("keeps the order of calls that nobody awaited, and gives plain objects", async () => {
    const inventory = await openInventory({ journal: memory() })
    const receipts = await Promise.all([
      inventory.registerLocation({ id: "LDN", kind: "site" }),
      inventory.registerSku({ id: "mug" }),
      inventory.receive({ sku: "mug", to: "LDN", quantity: 5 }),
      inventory.reserve({ id: "c", owner: "o", lines: [{ sku: "mug", quantity: 5 }], expiresIn: 60_000 }),
      inventory.confirm({ reservation: "c" })
    ])
    expect(receipts.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5])
    expect(JSON.parse(JSON.stringify(receipts))).toEqual(receipts)
    for (const receipt of receipts) expect(receipt.commandId).toMatch(/^[0-9a-f-]{36}$/)
    await inventory.close()
  })

  it("commits 64 concurrent callers in far fewer commits than commands", async () => {
    const { door, journal } = await throughDoor()
    const inventory = await openInventory({ journal })
    await inventory.registerLocation({ id: "LDN", kind: "site" })
    await inventory.registerSku({ id: "mug" })
    await inventory.receive({ sku: "mug", to: "LDN", quantity: 640 })
    door.appends.length = 0
    await Promise.all(
      Array.from({ length: 64 }, async (_, buyer) => {
        for (let round = 0; round < 10; round++) {
          await inventory.reserve({
            id: `${buyer}-${round}`,
            owner: "o",
            lines: [{ sku: "mug", quantity: 1 }],
            expiresIn: 60_000
          })
        }
      })
    )
    expect(door.appends.length).toBeLessThan(640 / 8)
    expect((await inventory.availability({ skus: ["mug"] }))[0]?.available).toBe(0)
    await inventory.close()
  })

  it("closes once, answers everyone first, and rejects with InventoryClosed after; `await using` closes too", async () => {
    const journal = memory()
    {
      await using inventory = await openInventory({ journal })
      await inventory.registerSku({ id: "mug" })
    }
    const inventory = await openInventory({ journal })
    const waiting = Array.from({ length: 50 }, (_, index) => inventory.registerSku({ id: `sku-${index}` }))
    const closing = [inventory.close(), inventory.close()]
    await expect(inventory.registerSku({ id: "late" })).rejects.toBeInstanceOf(InventoryClosed)
    expect((await Promise.allSettled(waiting)).every(({ status }) => status === "fulfilled")).toBe(true)
    await Promise.all(closing)
    await inventory.close()
    await expect(inventory.registerSku({ id: "later" })).rejects.toMatchObject({ _tag: "InventoryClosed" })
    const reopened = await openInventory({ journal })
    expect((await reopened.head()).position).toBe(51)
    await reopened.close()
  })

  it("rejects with the journal's own failure when it cannot be opened", async () => {
    const { outage } = await import("../engine/support.ts")
    const broken: JournalProvider = { _tag: "HoldfastJournal", open: Effect.fail(outage(false)) }
    await expect(openInventory({ journal: broken })).rejects.toMatchObject({
      _tag: "StorageUnavailable",
      retryable: false
    })
  })
})

describe("subscribing", () => {
  it("follows, wakes on appends, and stops asking the journal when the loop is left", async () => {
    const { door, journal } = await throughDoor()
    const inventory = await openInventory({ journal, sweep: false })
    await inventory.registerSku({ id: "a" })
    const seen: Array<number> = []
    const following = (async () => {
      for await (const event of inventory.subscribe({ pollMs: 60_000 })) {
        seen.push(event.position)
        if (event.position === 3) break
      }
    })()
    await later()
    await inventory.registerSku({ id: "b" })
    await inventory.registerSku({ id: "c" })
    await following
    expect(seen).toEqual([1, 2, 3])
    door.takeCalls()
    await inventory.registerSku({ id: "d" })
    await later()
    expect(door.takeCalls()).not.toContain("read")
    await inventory.close()
  })

  it("ends when the inventory closes, after everything that was committed", async () => {
    const inventory = await openInventory({ journal: memory() })
    const seen: Array<Event> = []
    const following = (async () => {
      for await (const event of inventory.subscribe()) seen.push(event)
    })()
    await later()
    const committed = Promise.all(
      Array.from({ length: 30 }, (_, index) => inventory.registerSku({ id: `sku-${index}` }))
    )
    await inventory.close()
    await committed
    await following
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  })

  it("throws LogGap itself, no wrapper, out of the loop", async () => {
    const { door } = await throughDoor()
    const { inner } = door
    const gappy = new Door({
      ...inner,
      read: (log, after, limit) =>
        Effect.map(inner.read(log, after, limit), (events) => events.filter(({ position }) => position !== 1))
    })
    const inventory = await openInventory({ journal: { _tag: "HoldfastJournal", open: Effect.succeed(gappy.journal) } })
    await inventory.registerSku({ id: "a" })
    await inventory.registerSku({ id: "b" })
    const follow = async () => {
      for await (const event of inventory.subscribe({ untilHead: true })) void event
    }
    await expect(follow()).rejects.toBeInstanceOf(LogGap)
    await inventory.close()
  })
})

describe("tenants", () => {
  it("never see each other's stock, codes, ids or command ids", async () => {
    const inventory = await openInventory({ journal: memory() })
    const other = await inventory.forTenant("acme")
    expect([inventory.tenant, other.tenant]).toEqual(["default", "acme"])
    for (const [tenant, quantity] of [
      [inventory, 3],
      [other, 8]
    ] as const) {
      await tenant.registerLocation({ id: "LDN", kind: "site" })
      await tenant.registerSku({ id: "mug", code: "MUG" })
      await tenant.receive({ sku: "mug", to: "LDN", quantity, commandId: "po-1" })
      await tenant.reserve({ id: "c", owner: "o", lines: [{ sku: "mug", quantity }], expiresIn: 60_000 })
    }
    for (const [tenant, quantity] of [
      [inventory, 3],
      [other, 8]
    ] as const) {
      expect(await tenant.availability({ skus: ["mug"] })).toMatchObject([
        { onHand: quantity, reserved: quantity, available: 0 }
      ])
      expect(await tenant.head()).toMatchObject({ position: 4 })
      expect(await tenant.history({ sku: "mug" })).toHaveLength(3)
      expect((await tenant.verify()).ok).toBe(true)
    }
    const third = await inventory.forTenant("empty")
    await expect(third.availability({ skus: ["mug"] })).rejects.toMatchObject({ _tag: "UnknownSku" })
    await inventory.close()
  })

  it("close by themselves without the others, and with the inventory they came from", async () => {
    const inventory = await openInventory({ journal: memory() })
    const [a, b] = await Promise.all([inventory.forTenant("a"), inventory.forTenant("b")])
    await a.close()
    await expect(a.registerSku({ id: "mug" })).rejects.toBeInstanceOf(InventoryClosed)
    await b.registerSku({ id: "mug" })
    await inventory.registerSku({ id: "mug" })
    await inventory.close()
    await expect(b.registerSku({ id: "cup" })).rejects.toBeInstanceOf(InventoryClosed)
  })
})
