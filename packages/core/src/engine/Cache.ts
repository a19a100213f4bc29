/** The rows an engine remembers between batches: all true at the head it knows, bounded, and honest about what is missing. */
import {
  belongs,
  type Draft,
  groupValueOf,
  keyOf,
  keySeparator,
  type Row,
  type Table,
  type View
} from "../domain/index.ts"
import type { LoadRequest, Loaded } from "../ports/Journal.ts"

/** A decision looked at a row that nobody loaded. The engine loads and decides again; anywhere else it is a defect. */
export class NotLoaded extends Error {}

/** Two generations of rows: what is used moves to the young one, and the old one is dropped when the young is full. */
class Generations {
  young = new Map<string, Row | null>()
  old = new Map<string, Row | null>()

  get(key: string): Row | null | undefined {
    const row = this.young.get(key)
    if (row !== undefined) return row
    const aged = this.old.get(key)
    if (aged !== undefined) this.young.set(key, aged)
    return aged
  }
}

/** The keys of a loaded group, and their order once somebody asked for it. */
class Group {
  readonly keys = new Set<string>()
  #sorted: ReadonlyArray<string> | undefined

  add(key: string): void {
    if (!this.keys.has(key)) this.#sorted = undefined
    this.keys.add(key)
  }

  delete(key: string): void {
    if (this.keys.delete(key)) this.#sorted = undefined
  }

  get sorted(): ReadonlyArray<string> {
    this.#sorted ??= [...this.keys].sort()
    return this.#sorted
  }
}

/** See the top of the file. `null` stands for a row that is known not to exist. */
export class Cache implements View {
  readonly #rowsMax: number
  #tables = new Map<string, Generations>()
  #groups = new Map<string, Group>()
  #groupKeys = 0
  #rowsFound = 0
  /** Keys that are believed absent because a command is about to add them. Nobody has looked. */
  readonly #assumed = new Map<string, Set<string>>()

  /** @param rowsMax about how many rows to remember */
  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
  }

  /** The row, `null` if it does not exist, `undefined` if that is not known. */
  peek<R extends object>(table: Table<R>, key: string): R | null | undefined {
    return this.#tables.get(table.name)?.get(key) as R | null | undefined
  }

  get<R extends object>(table: Table<R>, key: string): R | undefined {
    const row = this.peek(table, key)
    if (row === undefined) throw new NotLoaded(`${table.name} ${key.split(keySeparator).join(" / ")} is not loaded`)
    return row ?? undefined
  }

  hasGroup<R extends object>(table: Table<R>, group: string, value: string): boolean {
    const known = this.#groups.get(groupId(table, group, value))
    if (known === undefined) return false
    for (const key of known.keys) if (this.peek(table, key) === undefined) return false
    return true
  }

  group<R extends object>(table: Table<R>, group: string, value: string): ReadonlyArray<R> {
    const known = this.#groups.get(groupId(table, group, value))
    if (known === undefined) throw new NotLoaded(`${table.name} by ${group} ${value} is not loaded`)
    return known.sorted.map((key) => this.get(table, key) as R)
  }

  due(): ReadonlyArray<string> {
    throw new Error("the engine asks its journal for what is due")
  }

  /** Believes that a row does not exist, until the commit finds out or {@link forgetAssumed}. */
  assumeAbsent<R extends object>(table: Table<R>, key: string): void {
    this.#rows(table).set(key, null)
    const keys = this.#assumed.get(table.name)
    if (keys === undefined) this.#assumed.set(table.name, new Set([key]))
    else keys.add(key)
  }

  /** Whether a row is only believed to be absent. */
  isAssumed<R extends object>(table: Table<R>, key: string): boolean {
    return this.#assumed.get(table.name)?.has(key) === true
  }

  /** Knows nothing any more of the rows that were only believed to be absent. */
  forgetAssumed(): void {
    for (const [table, keys] of this.#assumed) {
      const rows = this.#tables.get(table)
      for (const key of keys) if (rows?.young.get(key) === null) rows.young.delete(key)
    }
    this.#assumed.clear()
  }

  /** How many rows were ever loaded: it grows when a load finds something. */
  get rowsFound(): number {
    return this.#rowsFound
  }

  /** Takes over what was loaded. */
  add(request: LoadRequest, loaded: Loaded): void {
    request.rows.forEach(({ table, keys }, index) => {
      const rows = this.#rows(table)
      const assumed = this.#assumed.get(table.name)
      for (const key of keys) {
        rows.set(key, null)
        assumed?.delete(key)
      }
      for (const row of loaded.rows[index] ?? []) {
        rows.set(keyOf(table, row), row)
        this.#rowsFound++
      }
    })
    request.groups.forEach(({ table, group: name, values }, index) => {
      const group = table.groups[name]
      if (group === undefined) return
      for (const value of values) this.#groups.set(groupId(table, name, value), new Group())
      const rows = this.#rows(table)
      for (const row of loaded.groups[index] ?? []) {
        const key = keyOf(table, row)
        rows.set(key, row)
        this.#groups.get(groupId(table, name, groupValueOf(group, row)))?.add(key)
        this.#groupKeys++
      }
    })
  }

  /** Takes over what a committed batch changed. */
  absorb(draft: Draft): void {
    for (const [key, changed] of draft.changed) {
      const table = key as unknown as Table<Row>
      if (table.appendOnly) continue
      const groups = Object.entries(table.groups)
      const rows = this.#rows(table)
      for (const [key, row] of changed) {
        const before = groups.length === 0 ? undefined : this.peek(table, key)
        for (const [name, group] of groups) {
          if (before) this.#groups.get(groupId(table, name, groupValueOf(group, before)))?.delete(key)
          if (belongs(group, row)) this.#groups.get(groupId(table, name, groupValueOf(group, row)))?.add(key)
        }
        rows.set(key, row)
      }
    }
  }

  /** Forgets what has not been used for long. Only between batches: a batch counts on what it loaded. */
  trim(): void {
    let young = 0
    for (const generations of this.#tables.values()) young += generations.young.size
    if (young > this.#rowsMax / 2) {
      for (const generations of this.#tables.values()) {
        generations.old = generations.young
        generations.young = new Map()
      }
    }
    if (this.#groupKeys > this.#rowsMax || this.#groups.size > this.#rowsMax) {
      this.#groups.clear()
      this.#groupKeys = 0
    }
  }

  #rows<R extends object>(table: Table<R>): Map<string, Row | null> {
    let generations = this.#tables.get(table.name)
    if (generations === undefined) {
      generations = new Generations()
      this.#tables.set(table.name, generations)
    }
    return generations.young
  }
}

const groupId = <R extends object>(table: Table<R>, group: string, value: string): string =>
  `${table.name} ${group} ${value}`
