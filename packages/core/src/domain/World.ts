/** A whole state in memory, and the plainest way to run commands against it. Used by tests, `verify` and `rebuild`. */
import { belongs, byKey, type Draft, groupValueOf, keyOf, type Row, type Table, type View } from "./model/Table.ts"
import { invariants } from "./registry.ts"
import { type ReservationRow, reservations } from "./reservation/rows.ts"

/** Rows by table and key. `put` changes it in place. */
export class World implements View {
  readonly rows = new Map<string, Map<string, Row>>()

  get<R extends object>(table: Table<R>, key: string): R | undefined {
    return this.rows.get(table.name)?.get(key) as R | undefined
  }

  all<R extends object>(table: Table<R>): Iterable<R> {
    return (this.rows.get(table.name)?.values() ?? []) as Iterable<R>
  }

  group<R extends object>(table: Table<R>, name: string, value: string): ReadonlyArray<R> {
    const group = table.groups[name]
    if (group === undefined) throw new Error(`table ${table.name} has no group ${name}`)
    const found: Array<[string, R]> = []
    for (const [key, row] of this.rows.get(table.name) ?? []) {
      if (groupValueOf(group, row as R) === value && belongs(group, row as R)) found.push([key, row as R])
    }
    return found.sort(byKey).map(([, row]) => row)
  }

  due(now: number): ReadonlyArray<string> {
    const due: Array<ReservationRow> = []
    for (const row of this.all(reservations)) if (row.status === "active" && row.expiresAt <= now) due.push(row)
    return due.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1)).map((row) => row.id)
  }

  put(table: Table<Row>, row: Row): void {
    let rows = this.rows.get(table.name)
    if (rows === undefined) {
      rows = new Map()
      this.rows.set(table.name, rows)
    }
    rows.set(keyOf(table, row), row)
  }

  /** Takes over what a draft changed. */
  absorb(draft: Draft): void {
    for (const [table, rows] of draft.changed) {
      let mine = this.rows.get(table.name)
      if (mine === undefined) {
        mine = new Map()
        this.rows.set(table.name, mine)
      }
      for (const [key, row] of rows) mine.set(key, row)
    }
  }
}

/** What is broken in a set of rows: a sentence for each violated law. */
export const violations = (world: World): ReadonlyArray<string> =>
  invariants.flatMap((invariant) => invariant((table) => world.all(table)))
