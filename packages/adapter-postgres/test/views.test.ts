import { postgres } from "@holdfast/adapter-postgres"
import { type Inventory, openInventory } from "@holdfast/core"
import { seeded, type Step, smallWorld, stepLists } from "@holdfast/testkit/model"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { fresh, type Observer, observe } from "./support/journals.ts"

/** Claims that outlive the test: what expires meanwhile is counted by the views up to half a second longer. */
const lasting = (step: Step): Step => {
  if (step.name !== "reserve" && step.name !== "extend") return step
  const {
    expiresAt: _,
    extendableFor: __,
    ...input
  } = step.input as { readonly expiresAt?: unknown; readonly extendableFor?: unknown }
  return { ...step, input: { ...input, expiresIn: 100_000_000 } } as Step
}

/** Runs steps through the Promise face. Refusals are part of the list; anything else is a failure. */
const runSteps = async (inventory: Inventory, steps: ReadonlyArray<Step>): Promise<number> => {
  let accepted = 0
  for (const step of steps) {
    try {
      await (inventory[step.name] as (input: unknown) => Promise<unknown>)(step.input)
      accepted++
    } catch (error) {
      const tag = (error as { readonly _tag?: string })._tag
      if (tag === undefined || tag === "StorageUnavailable") throw error
    }
  }
  return accepted
}

interface Level {
  readonly location: string
  readonly numbers: string
}

const expectLevelsAgree = async (inventory: Inventory, observer: Observer): Promise<void> => {
  for (const sku of smallWorld.skus) {
    const rows = await observer.query<Level>(
      `SELECT location, json_build_object('onHand', on_hand, 'held', held, 'reserved', reserved, 'allocated', allocated,
              'available', available)::text AS numbers
         FROM holdfast.stock_levels WHERE tenant = $1::text AND sku = $2::text`,
      [inventory.tenant, sku]
    )
    const byLocation = new Map(rows.map(({ location, numbers }) => [location, JSON.parse(numbers) as object]))
    for (const within of smallWorld.scopes) {
      const [row] = await inventory.availability({ skus: [sku], within })
      if (row === undefined) throw new Error(`no availability of ${sku}`)
      const { onHand, held, reserved, allocated, available } = row
      const level = byLocation.get(within)
      if (level !== undefined)
        expect({ within, ...level }).toEqual({ within, onHand, held, reserved, allocated, available })
      else {
        // Nothing ever was there, so nothing can be promised; less than nothing where claims above outgrew the stock.
        expect({ within, onHand, held, reserved, allocated }).toEqual({
          within,
          onHand: 0,
          held: 0,
          reserved: 0,
          allocated: 0
        })
        expect(available).toBeLessThanOrEqual(0)
      }
    }
  }
}

const expectLinesAgree = async (inventory: Inventory, observer: Observer): Promise<void> => {
  const rows = await observer.query<{ reservation: string; line: string }>(
    `SELECT reservation, json_build_object('line', line, 'status', status, 'owner', owner, 'sku', sku, 'scope', scope,
            'exactly', exactly, 'quantity', quantity, 'reserved', reserved, 'backordered', backordered,
            'allocated', allocated, 'shipped', shipped, 'released', released, 'expired', expired,
            'returned', returned)::text AS line
       FROM holdfast.reservation_lines WHERE tenant = $1::text ORDER BY reservation, line`,
    [inventory.tenant]
  )
  const seen = Map.groupBy(rows, ({ reservation }) => reservation)
  for (const id of smallWorld.reservations) {
    const reservation = await inventory.reservation(id)
    const expected = (reservation?.lines ?? []).map((line, index) => ({
      line: index + 1,
      status: reservation?.status,
      owner: reservation?.owner,
      sku: line.sku,
      scope: line.scope,
      exactly: line.exactly,
      quantity: line.quantity,
      reserved: line.reserved,
      backordered: line.backordered,
      allocated: line.allocations.reduce((sum, { quantity }) => sum + quantity, 0),
      shipped: line.shipped,
      released: line.released,
      expired: line.expired,
      returned: line.returned
    }))
    expect((seen.get(id) ?? []).map(({ line }) => JSON.parse(line) as object)).toEqual(expected)
  }
}

interface MovementRow {
  readonly key: string
  readonly location: string
  readonly sku: string
  readonly condition: string
  readonly change: number
  readonly balance: number
}

/** The running balance of each position follows from its changes, and ends at what is on hand there. */
const expectBalancesAgree = async (inventory: Inventory, observer: Observer): Promise<void> => {
  const rows = await observer.query<{ row: string }>(
    `SELECT json_build_object('key', json_build_array(sku, location, lot, condition, owner)::text, 'location', location,
            'sku', sku, 'condition', condition, 'change', change, 'balance', balance)::text AS row
       FROM holdfast.stock_movements WHERE tenant = $1::text ORDER BY position, seq, change`,
    [inventory.tenant]
  )
  const balances = new Map<string, MovementRow>()
  for (const { row } of rows) {
    const movement = JSON.parse(row) as MovementRow
    expect(movement.balance).toBe((balances.get(movement.key)?.balance ?? 0) + movement.change)
    balances.set(movement.key, movement)
  }
  const ends = [...balances.values()]
  // Units are conserved over the world: what one side gained another lost.
  expect(ends.reduce((sum, { balance }) => sum + balance, 0)).toBe(0)
  for (const sku of smallWorld.skus) {
    for (const exactly of smallWorld.bins) {
      const [row] = await inventory.availability({ skus: [sku], exactly })
      // The Promise face counts what can be sold, whoever owns it.
      const there = ends.filter((end) => end.sku === sku && end.location === exactly && end.condition === "good")
      expect({ sku, exactly, onHand: there.reduce((sum, { balance }) => sum + balance, 0) }).toEqual({
        sku,
        exactly,
        onHand: row?.onHand
      })
    }
  }
}

describe("the views a host may join against", () => {
  it("stock_levels, reservation_lines and stock_movements agree with the Promise face after random commands", async () => {
    const url = await testDatabase()
    const whole = await openInventory({ journal: postgres({ url }), commandSpans: false })
    onTestFinished(() => whole.close())
    const observer = await observe(url)
    await fc.assert(
      fc.asyncProperty(stepLists({ maxLength: 60, minLength: 10 }), async (steps) => {
        // A tenant of its own for each list: the lists share the tables, and must not see each other.
        const inventory = await whole.forTenant(fresh("tenant"))
        try {
          expect(await runSteps(inventory, steps.map(lasting))).toBeGreaterThan(10)
          await expectLevelsAgree(inventory, observer)
          await expectLinesAgree(inventory, observer)
          await expectBalancesAgree(inventory, observer)
        } finally {
          await inventory.close()
        }
      }),
      seeded(8)
    )
  }, 180_000)
})
