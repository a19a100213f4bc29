/** The journal in memory: for tests, and for hosts whose stock need not outlive the process. */
import { Context, Effect, Semaphore, Stream } from "effect"
import type { Event } from "../domain/model/Event.ts"
import { belongs, groupValueOf, keyOf, type Row, type Table } from "../domain/model/Table.ts"
import { type ReservationRow, reservations } from "../domain/reservation/rows.ts"
import {
  CommandRecorded,
  type Head,
  HeadMoved,
  type Journal,
  type JournalProvider,
  type LogId,
  type Outcome,
  RowExists,
  type StoredEvent
} from "../ports/Journal.ts"

/** Rows of one table, with an index for each of its groups. */
class Rows {
  readonly table: Table<Row>
  readonly byKey = new Map<string, Row>()
  readonly indexes: ReadonlyMap<string, Map<string, Set<string>>>

  constructor(table: Table<Row>) {
    this.table = table
    this.indexes = new Map(Object.keys(table.groups).map((name) => [name, new Map()]))
  }

  put(row: Row): void {
    const key = keyOf(this.table, row)
    const before = this.byKey.get(key)
    for (const [name, group] of Object.entries(this.table.groups)) {
      const index = this.indexes.get(name)
      if (before !== undefined) index?.get(groupValueOf(group, before))?.delete(key)
      if (!belongs(group, row)) continue
      const value = groupValueOf(group, row)
      const keys = index?.get(value)
      if (keys === undefined) index?.set(value, new Set([key]))
      else keys.add(key)
    }
    this.byKey.set(key, row)
  }

  group(name: string, value: string): ReadonlyArray<Row> {
    return [...(this.indexes.get(name)?.get(value) ?? [])].map((key) => this.byKey.get(key) as Row)
  }
}

/** Soft claims by expiry: a binary heap with entries that may be outdated, which are dropped when they surface. */
class ExpiryHeap {
  readonly #entries: Array<{ readonly id: string; readonly expiresAt: number }> = []

  push(id: string, expiresAt: number): void {
    const heap = this.#entries
    heap.push({ id, expiresAt })
    let child = heap.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if ((heap[parent]?.expiresAt ?? 0) <= (heap[child]?.expiresAt ?? 0)) break
      this.#swap(parent, child)
      child = parent
    }
  }

  /** The first entries that are still true. */
  first(limit: number, isTrue: (id: string, expiresAt: number) => boolean) {
    const found: Array<{ readonly id: string; readonly expiresAt: number }> = []
    const seen = new Set<string>()
    while (found.length < limit) {
      const entry = this.#pop()
      if (entry === undefined) break
      if (seen.has(entry.id) || !isTrue(entry.id, entry.expiresAt)) continue
      seen.add(entry.id)
      found.push(entry)
    }
    for (const entry of found) this.push(entry.id, entry.expiresAt)
    return found
  }

  #pop() {
    const heap = this.#entries
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    heap[0] = last
    let parent = 0
    for (;;) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if ((heap[child]?.expiresAt ?? Number.POSITIVE_INFINITY) < (heap[least]?.expiresAt ?? 0)) least = child
      }
      if (least === parent) return top
      this.#swap(parent, least)
      parent = least
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#entries
    const first = heap[a]
    const second = heap[b]
    if (first === undefined || second === undefined) return
    heap[a] = second
    heap[b] = first
  }
}

/** One log. */
class Log {
  readonly lock = Semaphore.makeUnsafe(1)
  head: Head = { position: 0, recordedAt: 0 }
  readonly events: Array<StoredEvent> = []
  readonly commands = new Map<string, { readonly from: number; count: number }>()
  readonly bySku = new Map<string, Array<number>>()
  readonly expiries = new ExpiryHeap()
  tables = new Map<string, Rows>()

  rows(table: Table<Row>): Rows {
    let rows = this.tables.get(table.name)
    if (rows === undefined) {
      rows = new Rows(table)
      this.tables.set(table.name, rows)
    }
    return rows
  }

  put(table: Table<Row>, row: Row): void {
    this.rows(table).put(row)
    if (table.name !== reservations.name) return
    const { id, status, expiresAt } = row as unknown as ReservationRow
    if (status === "active") this.expiries.push(id, expiresAt)
  }

  isExpiring(id: string, expiresAt: number): boolean {
    const row = this.tables.get(reservations.name)?.byKey.get(id) as ReservationRow | undefined
    return row !== undefined && row.status === "active" && row.expiresAt === expiresAt
  }

  add(event: StoredEvent): void {
    this.events.push(event)
    const command = this.commands.get(event.commandId)
    if (command === undefined) this.commands.set(event.commandId, { from: event.position, count: 1 })
    else command.count++
    for (const sku of new Set(event.skus)) {
      const positions = this.bySku.get(sku)
      if (positions === undefined) this.bySku.set(sku, [event.position])
      else positions.push(event.position)
    }
  }

  outcome(commandId: string): Outcome | undefined {
    const command = this.commands.get(commandId)
    if (command === undefined) return undefined
    const events = this.events.slice(command.from - 1, command.from - 1 + command.count)
    return { fingerprint: events[0]?.fingerprint ?? "", events }
  }
}

/** A locked log, and what was asked to change inside the lock: it counts, and shows, when the whole succeeds. */
interface Locked {
  readonly log: Log
  readonly changes: Array<() => void>
}

/** The lock that the running effect holds, if any. */
const LockedLog = Context.Reference<Locked | undefined>("holdfast/memory/LockedLog", { defaultValue: () => undefined })

const make = (): Journal => {
  const logs = new Map<LogId, Log>()
  const logOf = (id: LogId): Log => {
    let log = logs.get(id)
    if (log === undefined) {
      log = new Log()
      logs.set(id, log)
    }
    return log
  }
  /** Judges a change of a log, after whoever locked it is done, and makes it: at once, or when the caller's own lock ends. */
  const unlocked = <E>(id: LogId, judge: (log: Log) => Effect.Effect<() => void, E>): Effect.Effect<void, E> =>
    Effect.flatMap(LockedLog, (locked) => {
      const log = logOf(id)
      const judged = Effect.suspend(() => judge(log))
      return locked?.log === log
        ? Effect.map(judged, (change) => void locked.changes.push(change))
        : log.lock.withPermits(1)(Effect.map(judged, (change) => change()))
    })

  return {
    manifest: { adapter: "memory", linearizable: true, atomicAppend: true, durable: false, shared: false },

    head: (id) => Effect.sync(() => logOf(id).head),

    load: (id, request) =>
      Effect.sync(() => {
        const log = logOf(id)
        return {
          head: log.head,
          rows: request.rows.map(({ table, keys }) => {
            const rows = log.rows(table).byKey
            return keys.flatMap((key) => {
              const row = rows.get(key)
              return row === undefined ? [] : [row]
            })
          }),
          groups: request.groups.map(({ table, group, values }) =>
            values.flatMap((value) => log.rows(table).group(group, value))
          ),
          expiring:
            request.expiring === 0
              ? []
              : log.expiries.first(request.expiring, (reservation, at) => log.isExpiring(reservation, at))
        }
      }),

    append: (id, append) =>
      unlocked(id, (log): Effect.Effect<() => void, HeadMoved | CommandRecorded | RowExists> => {
        if (log.head.position !== append.expected) {
          return Effect.fail(new HeadMoved({ expected: append.expected, actual: log.head.position }))
        }
        if (append.events.some((event) => log.commands.has(event.commandId))) return Effect.fail(new CommandRecorded())
        for (const { table, added = [] } of append.rows) {
          if (added.some((row) => log.rows(table).byKey.has(keyOf(table, row)))) return Effect.fail(new RowExists())
        }
        return Effect.succeed(() => {
          for (const event of append.events) log.add(event)
          for (const { table, rows, added = [] } of append.rows) {
            for (const row of rows) log.put(table, row)
            for (const row of added) log.put(table, row)
          }
          log.head = { position: append.expected + append.events.length, recordedAt: append.recordedAt }
        })
      }),

    exclusively: (id, effect) =>
      Effect.suspend(() => {
        const locked: Locked = { log: logOf(id), changes: [] }
        const whole = Effect.map(Effect.provideService(effect, LockedLog, locked), (result) => {
          for (const change of locked.changes) change()
          return result
        })
        return locked.log.lock.withPermits(1)(whole)
      }),

    outcomes: (id, commandIds) =>
      Effect.sync(() => {
        const log = logOf(id)
        const outcomes = new Map<string, Outcome>()
        for (const commandId of commandIds) {
          const outcome = log.outcome(commandId)
          if (outcome !== undefined) outcomes.set(commandId, outcome)
        }
        return { head: log.head, outcomes }
      }),

    read: (id, after, limit) => Effect.sync(() => logOf(id).events.slice(after, after + limit)),

    history: (id, sku, before, limit) =>
      Effect.sync(() => {
        const log = logOf(id)
        const positions = (log.bySku.get(sku) ?? []).filter((position) => position < before)
        return positions
          .slice(-limit)
          .reverse()
          .map((position) => log.events[position - 1] as Event)
      }),

    eventsAt: (id, positions) =>
      Effect.sync(() => {
        const log = logOf(id)
        return [...positions].sort((a, b) => a - b).flatMap((position) => log.events[position - 1] ?? [])
      }),

    snapshot: (id) =>
      Effect.sync(() => {
        const log = logOf(id)
        const head = log.head
        const tables = new Map([...log.tables].map(([name, rows]) => [name, [...rows.byKey.values()]]))
        return {
          head,
          events: (after, limit) => Effect.sync(() => log.events.slice(after, Math.min(after + limit, head.position))),
          rows: (table) => Stream.fromIterable(tables.get(table.name) ?? [])
        }
      }),

    replaceRows: (id, position, tables) =>
      unlocked(id, (log): Effect.Effect<() => void, HeadMoved> => {
        if (log.head.position !== position) {
          return Effect.fail(new HeadMoved({ expected: position, actual: log.head.position }))
        }
        return Effect.succeed(() => {
          log.tables = new Map()
          for (const { table, rows } of tables) for (const row of rows) log.put(table, row)
        })
      })
  }
}

/** A journal that lives as long as the process. Every call gives a new, empty one; opening one twice gives the same logs. */
export const memory = (): JournalProvider => {
  const journal = make()
  return { _tag: "HoldfastJournal", open: Effect.succeed(journal) }
}
