/** Law 8, law 9 and law 16: figures are sums of facts, can be made again from the log, and are never clamped. */
import {
  backorders,
  decodeEvent,
  type Event,
  holds,
  levels,
  movements,
  positions,
  reservations,
  violations,
  World
} from "@holdfast/core/domain"
import { commandsToTry, DomainRun, seeded, stepLists } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fold, smallInventory, snapshot } from "./support.ts"

/** Commands of one long list, on average. */
const listLength = 400

const sumBy = <R>(rows: Iterable<R>, key: (row: R) => string, quantity: (row: R) => number): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const row of rows) sums.set(key(row), (sums.get(key(row)) ?? 0) + quantity(row))
  return sums
}

describe("law 8: figures are sums of facts", () => {
  it(`after any of ${commandsToTry} random commands, movements explain what is on hand, claims what is reserved`, () => {
    fc.assert(
      fc.property(stepLists({ minLength: 150, maxLength: 250 }), (steps) => {
        const { world } = steps.reduce((run, step) => {
          run.run(step)
          return run
        }, new DomainRun())
        const from = sumBy(
          world.all(movements),
          (row) => `${row.sku} ${row.fromLocation} ${row.fromCondition} ${row.fromOwner}`,
          (row) => row.quantity
        )
        const to = sumBy(
          world.all(movements),
          (row) => `${row.sku} ${row.toLocation} ${row.toCondition} ${row.toOwner}`,
          (row) => row.quantity
        )
        for (const row of world.all(positions)) {
          const key = `${row.sku} ${row.location} ${row.condition} ${row.owner}`
          expect(row.onHand, key).toBe((to.get(key) ?? 0) - (from.get(key) ?? 0))
        }
        const lines = [...world.all(reservations)].flatMap((row) => row.lines)
        const soft = sumBy(
          lines,
          (line) => line.sku,
          (line) => line.reserved
        )
        const firm = sumBy(
          lines.flatMap((line) => line.allocations.map((allocation) => ({ ...allocation, sku: line.sku }))),
          (allocation) => allocation.sku,
          (allocation) => allocation.quantity
        )
        for (const row of world.all(levels)) {
          if (row.location !== "world") continue
          expect([row.reserved, row.allocated], row.sku).toEqual([soft.get(row.sku) ?? 0, firm.get(row.sku) ?? 0])
        }
        expect(
          [
            ...sumBy(
              world.all(positions),
              (row) => row.sku,
              (row) => row.onHand
            ).values()
          ].filter((sum) => sum !== 0)
        ).toEqual([])
        expect(violations(world)).toEqual([])
      }),
      seeded(Math.ceil(commandsToTry / listLength))
    )
  })

  it("every single command leaves every invariant intact", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 60 }), (steps) => {
        const run = new DomainRun()
        for (const step of steps) {
          run.run(step)
          expect(violations(run.world)).toEqual([])
        }
      }),
      seeded(Math.ceil(commandsToTry / 100))
    )
  })

  it("the invariants see a figure that is off by one", () => {
    const broken: ReadonlyArray<readonly [string, (world: World) => void]> = [
      ["on hand", (world) => change(world, positions, "onHand")],
      ["held", (world) => change(world, positions, "held")],
      ["allocated", (world) => change(world, positions, "allocated")],
      ["a movement", (world) => change(world, movements, "quantity")],
      ["a hold", (world) => change(world, holds, "remaining")],
      ["a backorder", (world) => change(world, backorders, "quantity")],
      ...Object.entries(levels.columns)
        .filter(([, kind]) => kind === "integer")
        .map(([column]) => [`${column} of a level`, (world: World) => change(world, levels, column)] as const)
    ]
    const change = (world: World, table: { readonly name: string }, column: string) => {
      const entry = [...(world.rows.get(table.name) ?? [])][0]
      if (entry === undefined) throw new Error(`${table.name} has no row to break`)
      world.rows.get(table.name)?.set(entry[0], { ...entry[1], [column]: Number(entry[1][column]) + 1 })
    }
    for (const [what, breakIt] of broken) {
      const inventory = smallInventory()
      inventory.do("receive", { sku: "nut", to: "bin-1", quantity: 5 })
      inventory.do("placeHold", { id: "h", sku: "nut", at: "bin-1", quantity: 1 })
      inventory.do("reserve", { id: "r", owner: "cart", lines: [{ sku: "nut", quantity: 6 }], expiresIn: 10 })
      breakIt(inventory.run.world)
      expect(violations(inventory.run.world), what).not.toEqual([])
    }
  })
})

describe("law 9: the log alone is enough", () => {
  it("rows kept along the way equal rows folded from the stored events, at every position", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 60 }), (steps) => {
        const run = new DomainRun()
        const rebuilt = new World()
        for (const step of steps) {
          const { lapsed, events } = run.run(step)
          for (const event of [...lapsed, ...events]) fold(rebuilt, stored(event))
          if (events.length > 0) expect(snapshot(rebuilt)).toEqual(snapshot(run.world))
        }
        const fresh = new World()
        for (const event of run.log) fold(fresh, stored(event))
        expect(snapshot(fresh)).toEqual(snapshot(run.world))
      }),
      seeded(60)
    )
  })

  it("positions in the log are contiguous, and rows say the position of their last change", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 40 }), (steps) => {
        const run = new DomainRun()
        for (const step of steps) run.run(step)
        expect(run.log.map((event) => event.position)).toEqual(run.log.map((_, index) => index + 1))
        for (const rows of [run.world.all(positions), run.world.all(reservations), run.world.all(holds)]) {
          for (const row of rows) {
            expect(row.position).toBeGreaterThanOrEqual(1)
            expect(row.position).toBeLessThanOrEqual(run.log.length)
          }
        }
        for (const row of run.world.all(reservations)) expect(row.history.at(-1)).toBe(row.position)
      }),
      seeded(30)
    )
  })
})

/** An event as it comes back from a store: through JSON, and decoded. */
const stored = (event: Event): Event => {
  const read = JSON.parse(JSON.stringify(event)) as Event
  return { ...read, ...decodeEvent(read) }
}

describe("law 16: nothing is clamped", () => {
  it("taking more than there is refuses and says how much there is", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 3 })
    expect(inventory.try("issue", { sku: "bolt", from: "bin-1", quantity: 4 })).toMatchObject({
      _tag: "InsufficientStock",
      requested: 4,
      available: 3
    })
    expect(inventory.try("move", { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 4 })).toMatchObject({
      _tag: "InsufficientStock",
      available: 3
    })
    expect(inventory.try("placeHold", { id: "h", sku: "bolt", at: "bin-1", quantity: 4 })).toMatchObject({
      _tag: "InsufficientStock",
      available: 3
    })
    expect(
      inventory.try("adjust", { sku: "bolt", at: "bin-1", direction: "decrease", quantity: 4, reasonCode: "lost" })
    ).toMatchObject({ _tag: "InsufficientOnHand", requested: 4, onHand: 3 })
    expect(inventory.availability("bolt")).toMatchObject({ onHand: 3, available: 3 })
  })

  it("a deficit shows as a negative figure instead of being hidden as zero", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 3 })
    inventory.do("reserve", {
      id: "r",
      owner: "cart",
      lines: [{ sku: "bolt", quantity: 3, exactly: "bin-1" }],
      expiresIn: 10
    })
    inventory.do("count", { sku: "bolt", at: "bin-1", quantity: 1 })
    expect(inventory.available("bolt", { exactly: "bin-1" })).toBe(-2)
  })

  it("a balance that could not be counted exactly is refused before it exists", () => {
    const inventory = smallInventory()
    const most = Number.MAX_SAFE_INTEGER
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: most - 1 })
    expect(inventory.try("receive", { sku: "bolt", to: "bin-2", quantity: 2 })).toMatchObject({
      _tag: "QuantityOverflow",
      quantity: 2,
      balance: most - 1
    })
    expect(inventory.try("receive", { sku: "bolt", to: "bin-2", quantity: 1 })).toBeUndefined()
    expect(inventory.available("bolt")).toBe(most)
  })
})
