/** Journals that read wrongly. */
import { groupValueOf, keyOf, type Row, type Table } from "@holdfast/core/domain"
import type { Head, Journal, Loaded, LoadRequest, LogId, Outcome } from "@holdfast/core/ports"
import { Effect, Stream } from "effect"
import type { Mutant } from "./Mutant.ts"

/** Changes what is loaded on its way. */
const loading =
  (change: (loaded: Loaded, request: LoadRequest) => Loaded): Mutant["wrap"] =>
  (journal) => ({
    ...journal,
    load: (log, request) => Effect.map(journal.load(log, request), (loaded) => change(loaded, request))
  })

/** Changes outcomes on their way. */
const lookingUp =
  (change: (outcome: Outcome) => Outcome | undefined): Mutant["wrap"] =>
  (journal) => ({
    ...journal,
    outcomes: (log, commandIds) =>
      Effect.map(journal.outcomes(log, commandIds), ({ head, outcomes }) => ({
        head,
        outcomes: new Map(
          [...outcomes].flatMap(([id, outcome]) => {
            const changed = change(outcome)
            return changed === undefined ? [] : [[id, changed] as const]
          })
        )
      }))
  })

/** How long the first event of an append stays invisible after those behind it show. */
const invisibleMs = 2

/** Positions are given before the commit, as sequences do: an event can show before the one in front of it. */
const passesOverInvisibleEvents = (journal: Journal): Journal => {
  const invisible = new Map<LogId, Set<number>>()
  return {
    ...journal,
    append: Effect.fnUntraced(function* (log, append) {
      const hidden = invisible.get(log) ?? new Set()
      invisible.set(log, hidden)
      const position = append.expected + 1
      yield* journal.append(log, append)
      if (append.events.length < 2) return
      hidden.add(position)
      yield* Effect.sleep(invisibleMs)
      hidden.delete(position)
    }),
    read: (log, after, limit) =>
      Effect.map(journal.read(log, after, limit), (events) =>
        events.filter((event) => invisible.get(log)?.has(event.position) !== true)
      )
  }
}

const pagesOverTheEnd = (journal: Journal): Journal => ({
  ...journal,
  read: (log, after, limit) => journal.read(log, after, limit + 1)
})

/** Head and rows come from two statements, without a transaction around them. */
const mixesPositions = (journal: Journal): Journal => ({
  ...journal,
  load: Effect.fnUntraced(function* (log, request) {
    const head = yield* journal.head(log)
    yield* Effect.yieldNow
    return { ...(yield* journal.load(log, request)), head }
  })
})

const allRows = (journal: Journal, log: LogId, table: Table<Row>) =>
  Effect.scoped(Effect.flatMap(journal.snapshot(log), (snapshot) => Stream.runCollect(snapshot.rows(table))))

const ignoresFilters = (journal: Journal): Journal => ({
  ...journal,
  load: Effect.fnUntraced(function* (log, request) {
    const loaded = yield* journal.load(log, request)
    const groups = yield* Effect.forEach(request.groups, ({ table, group: name, values }) =>
      Effect.map(allRows(journal, log, table), (rows) => {
        const group = table.groups[name]
        return group === undefined ? [] : rows.filter((row) => values.includes(groupValueOf(group, row)))
      })
    )
    return { ...loaded, groups }
  })
})

/** Compares keys the way a case-insensitive collation does. */
const ignoresCase = (journal: Journal): Journal => ({
  ...journal,
  load: Effect.fnUntraced(function* (log, request) {
    const loaded = yield* journal.load(log, request)
    const rows = yield* Effect.forEach(request.rows, ({ table, keys }) =>
      Effect.map(allRows(journal, log, table), (all) => {
        const wanted = new Set(keys.map((key) => key.toLowerCase()))
        return all.filter((row) => wanted.has(keyOf(table, row).toLowerCase()))
      })
    )
    return { ...loaded, rows }
  })
})

const looksUpAtMost = 1_000

const looksUpTheFirstThousand = (journal: Journal): Journal => ({
  ...journal,
  load: (log, request) =>
    journal.load(log, {
      ...request,
      rows: request.rows.map(({ table, keys }) => ({ table, keys: keys.slice(0, looksUpAtMost) }))
    })
})

/** Reads what is there now instead of what was there when the snapshot was taken. */
const livingSnapshot = (journal: Journal): Journal => ({
  ...journal,
  snapshot: (log) =>
    Effect.map(journal.snapshot(log), (snapshot) => ({
      ...snapshot,
      rows: (table) => Stream.unwrap(Effect.map(allRows(journal, log, table), Stream.fromIterable))
    }))
})

const snapshotPage = 5_000

const shortSnapshot = (journal: Journal): Journal => ({
  ...journal,
  snapshot: (log) =>
    Effect.map(journal.snapshot(log), (snapshot) => ({
      ...snapshot,
      rows: (table) => Stream.take(snapshot.rows(table), snapshotPage)
    }))
})

/** Finds what it lacks in the other logs it has seen. */
const leaksRows = (journal: Journal): Journal => {
  const seen = new Set<LogId>()
  return {
    ...journal,
    head: (log) => {
      seen.add(log)
      return journal.head(log)
    },
    load: Effect.fnUntraced(function* (log, request) {
      const mine = yield* journal.load(log, request)
      const others = yield* Effect.forEach(
        [...seen].filter((other) => other !== log),
        (other) => journal.load(other, request)
      )
      const rows = mine.rows.map((found, index) =>
        found.length > 0
          ? found
          : (others.map((other) => other.rows[index] ?? []).find((list) => list.length > 0) ?? [])
      )
      return { ...mine, rows }
    })
  }
}

const leaksCommands = (journal: Journal): Journal => {
  const seen = new Set<LogId>()
  return {
    ...journal,
    head: (log) => {
      seen.add(log)
      return journal.head(log)
    },
    outcomes: Effect.fnUntraced(function* (log, commandIds) {
      const mine = yield* journal.outcomes(log, commandIds)
      const outcomes = new Map(mine.outcomes)
      for (const other of seen) {
        for (const [id, outcome] of (yield* journal.outcomes(other, commandIds)).outcomes) {
          if (!outcomes.has(id)) outcomes.set(id, outcome)
        }
      }
      return { head: mine.head, outcomes }
    })
  }
}

/** Keeps all logs in one when their names differ by case alone. */
const mergesLogs = (journal: Journal): Journal => {
  const merged = (log: LogId): LogId => log.toLowerCase()
  return {
    ...journal,
    head: (log) => journal.head(merged(log)),
    load: (log, request) => journal.load(merged(log), request),
    append: (log, append) => journal.append(merged(log), append),
    outcomes: (log, commandIds) => journal.outcomes(merged(log), commandIds),
    read: (log, after, limit) => journal.read(merged(log), after, limit),
    snapshot: (log) => journal.snapshot(merged(log))
  }
}

const withoutTime = (head: Head): Head => ({ ...head, recordedAt: 0 })

export const readingMutants: ReadonlyArray<Mutant> = [
  { name: "passes over an event that is still invisible", breaks: "reading", wrap: passesOverInvisibleEvents },
  { name: "gives pages longer than the limit", breaks: "reading", wrap: pagesOverTheEnd },
  {
    name: "tells history oldest first",
    breaks: "reading",
    wrap: (journal) => ({
      ...journal,
      history: (log, sku, before, limit) =>
        Effect.map(journal.history(log, sku, before, limit), (events) => events.toReversed())
    })
  },
  {
    name: "lists an event once for each time it names the SKU",
    breaks: "reading",
    wrap: (journal) => ({
      ...journal,
      history: (log, sku, before, limit) =>
        Effect.map(journal.history(log, sku, before, limit), (events) =>
          events.flatMap((event) => event.skus.filter((other) => other === sku).map(() => event))
        )
    })
  },
  {
    name: "gives events in the order in which positions were asked",
    breaks: "reading",
    wrap: (journal) => ({
      ...journal,
      eventsAt: (log, positions) =>
        Effect.map(journal.eventsAt(log, positions), (events) =>
          positions.flatMap((position) => events.filter((event) => event.position === position))
        )
    })
  },
  { name: "has forgotten all outcomes", breaks: "idempotency", wrap: lookingUp(() => undefined) },
  {
    name: "forgets fingerprints",
    breaks: "idempotency",
    wrap: lookingUp((outcome) => ({ ...outcome, fingerprint: "" }))
  },
  {
    name: "remembers a command's first event only",
    breaks: "idempotency",
    wrap: lookingUp((outcome) => ({ ...outcome, events: outcome.events.slice(0, 1) }))
  },
  { name: "mixes positions in one load", breaks: "loading", wrap: mixesPositions },
  { name: "ignores the filter of a group", breaks: "loading", wrap: ignoresFilters },
  { name: "ignores case in keys", breaks: "loading", wrap: ignoresCase },
  { name: "loads no more than a thousand rows", breaks: "loading", wrap: looksUpTheFirstThousand },
  {
    name: "gives expiring claims in any order",
    breaks: "loading",
    wrap: loading((loaded) => ({ ...loaded, expiring: loaded.expiring.toReversed() }))
  },
  {
    name: "gives lists in an order of its own",
    breaks: "loading",
    wrap: loading((loaded) => ({ ...loaded, rows: loaded.rows.toReversed() }))
  },
  {
    name: "does not know when the head was recorded",
    breaks: "append",
    wrap: (journal) => ({ ...journal, head: (log) => Effect.map(journal.head(log), withoutTime) })
  },
  { name: "takes snapshots that go on living", breaks: "snapshots", wrap: livingSnapshot },
  { name: "streams the first page of a table only", breaks: "snapshots", wrap: shortSnapshot },
  { name: "finds rows of other tenants", breaks: "isolation", wrap: leaksRows },
  { name: "finds commands of other tenants", breaks: "isolation", wrap: leaksCommands },
  { name: "takes logs for one whose names differ by case", breaks: "isolation", wrap: mergesLogs }
]

const unchanged = (journal: Journal): Journal => journal

/** Manifests that promise what is not there. Their journals are not broken; what they say is. */
export const lyingMutants: ReadonlyArray<Mutant> = [
  { name: "claims to be durable", breaks: "manifest", wrap: unchanged, pretends: { durable: true } },
  { name: "claims to be shared", breaks: "manifest", wrap: unchanged, pretends: { shared: true } }
]
