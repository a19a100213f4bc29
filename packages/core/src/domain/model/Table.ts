/**
 * State is rows in tables. A concept declares its tables here once; every journal stores them from the same
 * declaration, so a new concept needs no new code in an adapter beyond a migration.
 *
 * Rows are immutable values. `View` reads them; `Draft` collects the rows that events change on top of a view, and is
 * what a batch writes.
 */
import { keySeparator } from "./Ids.ts"

/** How a column is stored. `integer` is a safe integer; `json` is a plain JSON value. */
export type Column = "text" | "optionalText" | "integer" | "optionalInteger" | "boolean" | "json"

/** A row is a plain immutable object whose fields are its table's columns. */
export interface Row {
  readonly [column: string]: unknown
}

/**
 * One kind of row. `key` is the primary key (after the log's id). `groups` are the column lists by which a batch may
 * load many rows at once; a journal keeps an index for each that is no prefix of the key. `appendOnly` rows are never
 * read by a decision and never change.
 */
export interface Table<R extends object = Row> {
  readonly name: string
  readonly key: ReadonlyArray<keyof R & string>
  readonly columns: { readonly [K in keyof R & string]: Column }
  readonly groups: Readonly<Record<string, Group<R>>>
  readonly appendOnly: boolean
}

/** A way to load many rows: those whose `columns` equal given values and, if stated, whose `where` column is not 0. */
export interface Group<R extends object = Row> {
  readonly columns: ReadonlyArray<keyof R & string>
  readonly whereNotZero?: keyof R & string
}

/** Declares a table; the columns are checked against the row type. */
export const table = <R extends object>(definition: {
  readonly name: string
  readonly key: ReadonlyArray<keyof R & string>
  readonly columns: { readonly [K in keyof R & string]: Column }
  readonly groups?: Readonly<Record<string, Group<R>>>
  readonly appendOnly?: boolean
}): Table<R> => ({ groups: {}, appendOnly: false, ...definition })

/** The primary key of a row as one text. */
export const keyOf = <R extends object>(table: Table<R>, row: R): string => {
  const [first, ...rest] = table.key
  let key = String(row[first as keyof R])
  for (const column of rest) key += keySeparator + String(row[column])
  return key
}

/** The value of a group's columns in a row as one text. */
export const groupValueOf = <R extends object>(group: Group<R>, row: R): string =>
  group.columns.map((column) => String(row[column])).join(keySeparator)

/** Reads rows. What was never written is `undefined`. A lookup outside of what was loaded is a defect, not an absence. */
export interface View {
  get<R extends object>(table: Table<R>, key: string): R | undefined
  /** The rows of a group, in key order. */
  group<R extends object>(table: Table<R>, group: string, value: string): ReadonlyArray<R>
  /** Live soft claims whose `expiresAt` is at or before `now`, earliest first. */
  due(now: number): ReadonlyArray<string>
}

/** Changed rows by the value of one group: where to look, not what is true, because a row may have left since. */
type Candidates = Map<string, Set<string>>

/** A view in which some rows have changed. The rows it holds are what has to be written. */
export class Draft implements View {
  readonly base: View
  readonly changed = new Map<Table<never>, Map<string, Row>>()
  /** Made when a group is first read, so that reading one costs what is in it and not what the draft has changed. */
  readonly #candidates = new Map<Table<never>, Map<string, Candidates>>()

  constructor(base: View) {
    this.base = base
  }

  get<R extends object>(table: Table<R>, key: string): R | undefined {
    const rows = this.changed.get(table as unknown as Table<never>)
    return (rows?.get(key) as R | undefined) ?? this.base.get(table, key)
  }

  put<R extends object>(table: Table<R>, row: NoInfer<R>): void {
    this.#put(table as unknown as Table<never>, keyOf(table, row), row as Row)
  }

  #put(table: Table<never>, key: string, row: Row): void {
    let rows = this.changed.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.changed.set(table, rows)
    }
    rows.set(key, row)
    for (const [name, candidates] of this.#candidates.get(table) ?? []) addCandidate(candidates, table, name, key, row)
  }

  group<R extends object>(table: Table<R>, name: string, value: string): ReadonlyArray<R> {
    const group = table.groups[name]
    if (group === undefined) throw new Error(`table ${table.name} has no group ${name}`)
    const rows = this.base.group(table, name, value)
    const changed = this.changed.get(table as unknown as Table<never>) as unknown as ReadonlyMap<string, R> | undefined
    if (changed === undefined || changed.size === 0) return rows
    const candidates = this.#candidatesOf(table as unknown as Table<never>, name).get(value)
    const merged: Array<readonly [string, R]> = []
    for (const row of rows) {
      const key = keyOf(table, row)
      if (!changed.has(key)) merged.push([key, row])
    }
    if (candidates === undefined && merged.length === rows.length) return rows
    for (const key of candidates ?? []) {
      const row = changed.get(key)
      if (row !== undefined && groupValueOf(group, row) === value && belongs(group, row)) merged.push([key, row])
    }
    return merged.sort(byKey).map(([, row]) => row)
  }

  #candidatesOf(table: Table<never>, name: string): Candidates {
    const known = this.#candidates.get(table) ?? new Map<string, Candidates>()
    this.#candidates.set(table, known)
    let candidates = known.get(name)
    if (candidates === undefined) {
      candidates = new Map()
      for (const [key, row] of this.changed.get(table) ?? []) addCandidate(candidates, table, name, key, row)
      known.set(name, candidates)
    }
    return candidates
  }

  due(now: number): ReadonlyArray<string> {
    return this.base.due(now)
  }

  /** Takes over the rows of a later draft that was based on this one. */
  absorb(later: Draft): void {
    for (const [table, rows] of later.changed) for (const [key, row] of rows) this.#put(table, key, row)
  }
}

const addCandidate = (candidates: Candidates, table: Table<never>, name: string, key: string, row: Row): void => {
  const group = (table as unknown as Table).groups[name]
  if (group === undefined || !belongs(group, row)) return
  const value = groupValueOf(group, row)
  const keys = candidates.get(value)
  if (keys === undefined) candidates.set(value, new Set([key]))
  else keys.add(key)
}

/** Whether a row is in its group at all. */
export const belongs = <R extends object>(group: Group<R>, row: R): boolean =>
  group.whereNotZero === undefined || row[group.whereNotZero] !== 0

/** Orders keys by code unit, the order every journal gives. */
export const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
