/** Journals that write wrongly. */
import type { Row } from "@holdfast/core/domain"
import { type Append, HeadMoved, type Journal, type LogId, type StoredEvent } from "@holdfast/core/ports"
import { Context, Effect, Semaphore, Stream } from "effect"
import type { Mutant } from "./Mutant.ts"

/** The same append at another place in the log. */
const movedTo = (expected: number, append: Append): Append => {
  const by = expected - append.expected
  const events = append.events.map((event) => ({
    ...event,
    position: event.position + by,
    commandPosition: event.commandPosition + by
  }))
  return { ...append, expected, events }
}

/** Changes what is appended on its way. */
const appending =
  (change: (append: Append) => Append): Mutant["wrap"] =>
  (journal) => ({ ...journal, append: (log, append) => journal.append(log, change(append)) })

/** Changes every row on its way. */
const writingRows = (change: (row: Row) => Row): Mutant["wrap"] =>
  appending((append) => ({
    ...append,
    rows: append.rows.map(({ table, rows, ...rest }) => ({ ...rest, table, rows: rows.map(change) }))
  }))

/** Changes every event on its way. */
const writingEvents = (change: (event: StoredEvent) => StoredEvent): Mutant["wrap"] =>
  appending((append) => ({ ...append, events: append.events.map(change) }))

const seconds = (millis: number): number => Math.floor(millis / 1_000) * 1_000

const ignoresTheHead = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    Effect.flatMap(journal.head(log), ({ position }) => journal.append(log, movedTo(position, append)))
})

/** Looks at the head first and writes later, as code without a transaction does. */
const checksThenActs = (journal: Journal): Journal => ({
  ...journal,
  append: Effect.fnUntraced(function* (log, append) {
    const { position } = yield* journal.head(log)
    if (position !== append.expected) return yield* new HeadMoved({ expected: append.expected, actual: position })
    yield* Effect.yieldNow
    yield* ignoresTheHead(journal).append(log, append)
  })
})

const reportsTheExpectedHead = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    Effect.mapError(journal.append(log, append), (failure) =>
      failure._tag === "HeadMoved"
        ? new HeadMoved({ expected: failure.expected, actual: failure.expected + 1 })
        : failure
    )
})

/** How many acknowledged appends of a hundred never get stored, and how long the others take. */
const lostOfAHundred = 10
const delayMs = 3

const acknowledgesTooEarly = (journal: Journal): Journal => {
  let appends = 0
  return {
    ...journal,
    append: Effect.fnUntraced(function* (log, append) {
      const { position } = yield* journal.head(log)
      if (position !== append.expected) return yield* new HeadMoved({ expected: append.expected, actual: position })
      if (appends++ % 100 < lostOfAHundred) return
      yield* Effect.forkDetach(Effect.ignore(Effect.delay(journal.append(log, append), delayMs)))
    })
  }
}

/** Writes in two steps; what refuses the second one leaves the first. */
const leavesEventsOfAFailedAppend = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    Effect.catchTag(journal.append(log, append), "CommandRecorded", (failure) =>
      Effect.gen(function* () {
        const known = yield* journal.outcomes(
          log,
          append.events.map((event) => event.commandId)
        )
        const news = append.events.filter((event) => !known.outcomes.has(event.commandId))
        const renumbered = news.map((event, index) => ({
          ...event,
          position: append.expected + index + 1,
          commandPosition: append.expected + index + 1
        }))
        if (news.length > 0) yield* journal.append(log, { ...append, events: renumbered, rows: [] })
        return yield* Effect.fail(failure)
      })
    )
})

/** Stores every command under a name of its own, so that none is ever a repetition. */
const forgetsCommandIds = (journal: Journal): Journal => {
  let appends = 0
  const restore = <E extends { readonly commandId: string }>(events: ReadonlyArray<E>): ReadonlyArray<E> =>
    events.map((event) => ({ ...event, commandId: event.commandId.replace(/ \(append \d+\)$/, "") }))
  return {
    ...journal,
    append: (log, append) => {
      const suffix = ` (append ${appends++})`
      return journal.append(log, {
        ...append,
        events: append.events.map((event) => ({ ...event, commandId: event.commandId + suffix }))
      })
    },
    read: (log, after, limit) => Effect.map(journal.read(log, after, limit), restore),
    history: (log, sku, before, limit) => Effect.map(journal.history(log, sku, before, limit), restore),
    eventsAt: (log, positions) => Effect.map(journal.eventsAt(log, positions), restore)
  }
}

const addsOverExistingRows = appending((append) => ({
  ...append,
  rows: append.rows.map(({ table, rows, added = [] }) => ({ table, rows: [...rows, ...added] }))
}))

/** Which log's lock the running effect holds. */
const Holding = Context.Reference<LogId | undefined>("holdfast/testkit/Holding", { defaultValue: () => undefined })

/** Locks others out, but forgets to make the whole one transaction. */
const keepsWhatFailedInside = (journal: Journal): Journal => {
  const locks = new Map<LogId, Semaphore.Semaphore>()
  const lockOf = (log: LogId): Semaphore.Semaphore => {
    const lock = locks.get(log) ?? Semaphore.makeUnsafe(1)
    locks.set(log, lock)
    return lock
  }
  return {
    ...journal,
    append: (log, append) =>
      Effect.flatMap(Holding, (held) =>
        held === log ? journal.append(log, append) : lockOf(log).withPermits(1)(journal.append(log, append))
      ),
    exclusively: (log, effect) => lockOf(log).withPermits(1)(Effect.provideService(effect, Holding, log))
  }
}

const mergesInsteadOfReplacing = (journal: Journal): Journal => ({
  ...journal,
  replaceRows: Effect.fnUntraced(function* (log, position, replacement) {
    const kept = yield* Effect.scoped(
      Effect.gen(function* () {
        const snapshot = yield* journal.snapshot(log)
        return yield* Effect.forEach(replacement, ({ table }) => Stream.runCollect(snapshot.rows(table)))
      })
    )
    const merged = replacement.map(({ table, rows }, index) => ({ table, rows: [...(kept[index] ?? []), ...rows] }))
    yield* journal.replaceRows(log, position, merged)
  })
})

const replacesAtAnyHead = (journal: Journal): Journal => ({
  ...journal,
  replaceRows: (log, _position, rows) =>
    Effect.flatMap(journal.head(log), ({ position }) => journal.replaceRows(log, position, rows))
})

const largest32 = 2 ** 31 - 1

export const writingMutants: ReadonlyArray<Mutant> = [
  { name: "ignores the expected head", breaks: "append", wrap: ignoresTheHead },
  { name: "checks the head, then acts", breaks: "order", wrap: checksThenActs },
  { name: "reports a head that it did not look at", breaks: "append", wrap: reportsTheExpectedHead },
  {
    name: "drops the last event of a batch",
    breaks: "append",
    wrap: appending((append) => (append.events.length < 2 ? append : { ...append, events: append.events.slice(0, -1) }))
  },
  {
    name: "drops a row",
    breaks: "append",
    wrap: appending((append) => ({
      ...append,
      rows: append.rows.map(({ rows, ...rest }) => ({ ...rest, rows: rows.length < 2 ? rows : rows.slice(0, -1) }))
    }))
  },
  { name: "acknowledges before it stores, and loses some", breaks: "append", wrap: acknowledgesTooEarly },
  { name: "keeps half of an append that failed", breaks: "idempotency", wrap: leavesEventsOfAFailedAppend },
  { name: "stores a recorded command again", breaks: "idempotency", wrap: forgetsCommandIds },
  { name: "adds rows over rows that exist", breaks: "append", wrap: addsOverExistingRows },
  {
    name: "keeps instants to the second",
    breaks: "values",
    wrap: writingEvents((event) => ({
      ...event,
      effectiveAt: seconds(event.effectiveAt),
      recordedAt: seconds(event.recordedAt)
    }))
  },
  {
    name: "keeps integers in 32 bits",
    breaks: "values",
    wrap: writingRows((row) =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [
          column,
          typeof value === "number" ? Math.min(value, largest32) : value
        ])
      )
    )
  },
  {
    name: "stores null as an empty text",
    breaks: "values",
    wrap: writingRows((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value ?? ""])))
  },
  { name: "drops an event's meta", breaks: "values", wrap: writingEvents((event) => ({ ...event, meta: {} })) },
  {
    name: "does not lock",
    breaks: "exclusively",
    wrap: (journal) => ({ ...journal, exclusively: (_log, effect) => effect })
  },
  { name: "keeps what was appended inside a lock that failed", breaks: "exclusively", wrap: keepsWhatFailedInside },
  { name: "replaces rows wherever the head is", breaks: "replacing rows", wrap: replacesAtAnyHead },
  { name: "adds rows to those it was to replace", breaks: "replacing rows", wrap: mergesInsteadOfReplacing }
]
