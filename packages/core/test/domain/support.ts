/** A small inventory for tests that tell a story: commands by name, a clock that only moves when told. */
import {
  availability,
  type Availability,
  type CommandAnswer,
  type CommandInput,
  type CommandName,
  evolve,
  type InvalidCommand,
  isRefusal,
  levels,
  positions,
  type Refusal,
  type Row,
  type Scope,
  type Table,
  violations,
  type World
} from "@holdfast/core/domain"
import { DomainRun, type Step } from "@holdfast/testkit/model"
import { expect } from "vitest"

export class Inventory {
  readonly run = new DomainRun()
  now = 1_000

  /** The refusal, or undefined when the command was accepted. Checks every invariant after it. */
  try<N extends CommandName>(name: N, input: CommandInput<N>): Refusal | InvalidCommand | undefined {
    const { refusal } = this.run.run({ name, input, now: this.now } as Step)
    expect(violations(this.run.world)).toEqual([])
    return refusal
  }

  /** Runs a command that has to be accepted and gives its answer. */
  do<N extends CommandName>(name: N, input: CommandInput<N>): CommandAnswer<N> {
    const { refusal, answer } = this.run.run({ name, input, now: this.now } as Step)
    if (refusal !== undefined) throw refusal
    expect(violations(this.run.world)).toEqual([])
    return answer as CommandAnswer<N>
  }

  availability(sku: string, scope: Scope = {}): Availability {
    const row = availability(this.run.world, sku, scope, this.run.position)
    if (isRefusal(row)) throw row
    return row
  }

  available(sku: string, scope: Scope = {}): number {
    return this.availability(sku, scope).available
  }

  rows<R extends object>(table: Table<R>): ReadonlyArray<R> {
    return [...this.run.world.all(table)]
  }
}

/** Two sites in a country, one with two bins, and two SKUs: `bolt` refuses shortages, `nut` backorders them. */
export const smallInventory = (): Inventory => {
  const inventory = new Inventory()
  inventory.do("registerSku", { id: "bolt" })
  inventory.do("registerSku", { id: "nut", shortage: "backorder" })
  inventory.do("registerLocation", { id: "country", kind: "site" })
  inventory.do("registerLocation", { id: "north", kind: "site", parent: "country" })
  inventory.do("registerLocation", { id: "bin-1", kind: "bin", parent: "north" })
  inventory.do("registerLocation", { id: "bin-2", kind: "bin", parent: "north" })
  inventory.do("registerLocation", { id: "south", kind: "site", parent: "country" })
  return inventory
}

/** Figures by key, without rows that say nothing and without when they last changed. */
const figures = (world: World, table: Table<Row>): Readonly<Record<string, Row>> => {
  const byKey: Record<string, Row> = {}
  for (const row of world.all(table)) {
    const { position: _, ...rest } = row
    if (Object.values(rest).some((value) => typeof value === "number" && value !== 0)) {
      byKey[table.key.map((column) => String(row[column])).join(" / ")] = rest
    }
  }
  return byKey
}

/** What is on hand, held, claimed and promisable everywhere: what a reversal has to restore. */
export const balances = (world: World) => ({
  levels: figures(world, levels as unknown as Table<Row>),
  positions: figures(world, positions as unknown as Table<Row>)
})

/** Balances at places that are counted; what the outside gave or got may differ after goods came and went. */
export const countedBalances = (world: World) => {
  const { levels, positions } = balances(world)
  const outside = (row: Row) => ["supplier", "customer", "loss"].includes(String(row["location"]))
  return { levels, positions: Object.fromEntries(Object.entries(positions).filter(([, row]) => !outside(row))) }
}

/** All rows by table and key, as plain JSON. */
export const snapshot = (world: World): unknown =>
  JSON.parse(
    JSON.stringify(
      [...world.rows]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([table, rows]) => [table, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))])
    )
  )

/** Folds one event into a world. */
export const fold = (world: World, event: Parameters<typeof evolve>[1]): void => world.absorb(evolve(world, event))
