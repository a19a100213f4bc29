/** Every refusal through the Promise face: the exported class, its tag, its facts, and a sentence a person understands. */
import * as exported from "@holdfast/core"
import { type Inventory, memory, openInventory, type Refusal } from "@holdfast/core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

/** What the package exports, by name. */
const classes: ReadonlyMap<string, unknown> = new Map(Object.entries(exported))

let inventory: Inventory

const day = 24 * 3_600_000
const cart = (id: string, quantity: number, sku = "mug") => ({
  id,
  owner: "customer",
  lines: [{ sku, quantity, within: "LDN" }],
  expiresIn: "1 hour"
})
const max = Number.MAX_SAFE_INTEGER

beforeAll(async () => {
  inventory = await openInventory({ journal: memory() })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerLocation({ id: "bin", kind: "bin", parent: "LDN" })
  await inventory.registerLocation({ id: "shop", kind: "site" })
  await inventory.registerLocation({ id: "gone", kind: "site" })
  await inventory.closeLocation({ id: "gone" })
  await inventory.registerLocation({ id: "truck", kind: "transit" })
  await inventory.registerSku({ id: "mug", code: "MUG" })
  await inventory.registerSku({ id: "cup", code: "CUP", shortage: "backorder" })
  await inventory.registerSku({ id: "old" })
  await inventory.retireSku({ id: "old" })
  await inventory.registerSku({ id: "full" })
  await inventory.receive({ sku: "full", to: "LDN", quantity: max })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 50 })
  await inventory.receive({ sku: "mug", to: "bin", quantity: 5 })
  await inventory.receive({ sku: "mug", to: "shop", quantity: 1 })
  await inventory.placeHold({ id: "h", sku: "mug", at: "LDN", quantity: 2 })
  await inventory.placeHold({ id: "lifted", sku: "mug", at: "LDN", quantity: 1 })
  await inventory.liftHold({ id: "lifted" })
  await inventory.reserve(cart("soft", 2))
  await inventory.reserve(cart("firm", 2))
  await inventory.confirm({ reservation: "firm" })
  await inventory.reserve(cart("released", 1))
  await inventory.release({ reservation: "released" })
  await inventory.reserve(cart("shipped", 1))
  await inventory.confirm({ reservation: "shipped" })
  await inventory.ship({ reservation: "shipped" })
  await inventory.reserve(cart("waiting", 3, "cup"))
  await inventory.registerSku({ id: "pen" })
  await inventory.registerLocation({ id: "drawer", kind: "bin", parent: "shop" })
  await inventory.receive({ sku: "pen", to: "drawer", quantity: 2 })
  await inventory.reserve({
    id: "pens",
    owner: "c",
    lines: [{ sku: "pen", quantity: 2, within: "shop" }],
    expiresIn: "1 hour"
  })
  await inventory.reserve({ id: "lapsed", owner: "c", lines: [{ sku: "mug", quantity: 1 }], expiresIn: 1 })
  await inventory.registerSku({ id: "eaten" })
  await inventory.receive({ sku: "eaten", to: "LDN", quantity: 3 })
  await inventory.reserve(cart("eaten", 3, "eaten"))
  await inventory.confirm({ reservation: "eaten" })
  await inventory.count({ sku: "eaten", at: "LDN", quantity: 1 })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 1, commandId: "used" })
  while ((await inventory.reservation("lapsed"))?.status !== "expired")
    await new Promise((resume) => setTimeout(resume, 2))
})
afterAll(() => inventory.close())

/** How to provoke each refusal, and the facts it must carry. */
const refusals: Readonly<
  Record<Refusal["_tag"] | "CommandIdReused" | "InvalidCommand", readonly [() => Promise<unknown>, object]>
> = {
  InsufficientStock: [
    () => inventory.reserve(cart("r", 1_000)),
    { sku: "mug", requested: 1_000, scope: "LDN", exactly: false }
  ],
  InsufficientOnHand: [
    () => inventory.ship({ reservation: "eaten" }),
    { sku: "eaten", location: "LDN", condition: "good", owner: "self", requested: 3, onHand: 1 }
  ],
  QuantityOverflow: [
    () => inventory.receive({ sku: "full", to: "LDN", quantity: 1 }),
    { sku: "full", quantity: 1, balance: max }
  ],
  UnknownSku: [() => inventory.receive({ sku: "ghost", to: "LDN", quantity: 1 }), { sku: "ghost" }],
  SkuExists: [() => inventory.registerSku({ id: "mug" }), { sku: "mug" }],
  SkuCodeTaken: [() => inventory.registerSku({ id: "new", code: "MUG" }), { code: "MUG", sku: "mug" }],
  SkuIsRetired: [() => inventory.receive({ sku: "old", to: "LDN", quantity: 1 }), { sku: "old" }],
  SkuInUse: [() => inventory.retireSku({ id: "cup" }), { sku: "cup", onHand: 0, reserved: 0, backordered: 3 }],
  UnknownLocation: [() => inventory.receive({ sku: "mug", to: "X", quantity: 1 }), { location: "X" }],
  LocationExists: [() => inventory.registerLocation({ id: "LDN", kind: "site" }), { location: "LDN" }],
  LocationIsClosed: [() => inventory.receive({ sku: "mug", to: "gone", quantity: 1 }), { location: "gone" }],
  InvalidParent: [() => inventory.registerLocation({ id: "z", kind: "zone" }), { location: "z", parent: "world" }],
  LocationInUse: [() => inventory.closeLocation({ id: "bin" }), { location: "bin", by: "mug", reason: "stock" }],
  WrongKindOfLocation: [
    () => inventory.receive({ sku: "mug", to: "customer", quantity: 1 }),
    { location: "customer", kind: "virtual" }
  ],
  ClaimsWouldBreak: [
    () => inventory.reparentLocation({ id: "drawer", parent: "LDN" }),
    { location: "drawer", sku: "pen", scope: "shop", missing: 2 }
  ],
  UnknownHold: [() => inventory.liftHold({ id: "x" }), { hold: "x" }],
  HoldExists: [() => inventory.placeHold({ id: "h", sku: "mug", at: "LDN", quantity: 1 }), { hold: "h" }],
  HoldAlreadyLifted: [() => inventory.liftHold({ id: "lifted" }), { hold: "lifted" }],
  HoldExceeded: [() => inventory.liftHold({ id: "h", quantity: 3 }), { hold: "h", requested: 3, remaining: 2 }],
  UnknownReservation: [() => inventory.confirm({ reservation: "x" }), { reservation: "x" }],
  ReservationExists: [() => inventory.reserve(cart("soft", 1)), { reservation: "soft" }],
  ReservationExpired: [() => inventory.confirm({ reservation: "lapsed" }), { reservation: "lapsed" }],
  ReservationAlreadyReleased: [() => inventory.confirm({ reservation: "released" }), { reservation: "released" }],
  ReservationAlreadyShipped: [() => inventory.ship({ reservation: "shipped" }), { reservation: "shipped" }],
  ReservationAlreadyConfirmed: [() => inventory.confirm({ reservation: "firm" }), { reservation: "firm" }],
  ReservationNotConfirmed: [() => inventory.ship({ reservation: "soft" }), { reservation: "soft" }],
  ReservationBackordered: [
    () => inventory.confirm({ reservation: "waiting" }),
    { reservation: "waiting", line: 1, sku: "cup", backordered: 3 }
  ],
  UnknownLine: [
    () => inventory.release({ reservation: "soft", lines: [{ line: 9 }] }),
    { reservation: "soft", line: 9 }
  ],
  LineExceeded: [
    () => inventory.release({ reservation: "soft", lines: [{ line: 1, quantity: 3 }] }),
    { reservation: "soft", line: 1, action: "release", requested: 3, remaining: 2 }
  ],
  ExpiryTooEarly: [
    () => inventory.reserve({ id: "r", owner: "c", lines: [{ sku: "mug", quantity: 1 }], expiresAt: 5 }),
    { reservation: "r", expiresAt: 5 }
  ],
  ExpiryBeyondCap: [() => inventory.extend({ reservation: "soft", expiresIn: 30 * day }), { reservation: "soft" }],
  CommandIdReused: [
    () => inventory.receive({ sku: "mug", to: "LDN", quantity: 2, commandId: "used" }),
    { commandId: "used" }
  ],
  InvalidCommand: [
    () => inventory.receive({ sku: "mug", to: "LDN", quantity: -1 }),
    { command: "receive", field: "quantity" }
  ]
}

describe("a refusal through the Promise face", () => {
  it.each(Object.entries(refusals))(
    "%s rejects with the exported class, its facts and a readable message",
    async (tag, [provoke, facts]) => {
      const head = await inventory.head()
      const error = await provoke().then(
        () => undefined,
        (reason: unknown) => reason
      )
      expect(error).toBeInstanceOf(classes.get(tag))
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({ _tag: tag, ...facts })
      const { message } = error as Error
      expect(message).toMatch(/\w+ \w+ \w+/)
      expect(message).not.toMatch(/undefined|NaN|\[object/)
      for (const fact of Object.values(facts))
        if (typeof fact === "string" && !["receive", "drawer", "self", "good"].includes(fact))
          expect(message).toContain(fact)
      expect(await inventory.head()).toEqual(head)
    }
  )
})
