/**
 * Journals that break the port's contract, each in one way that real adapters get wrong. A simulation that does not turn
 * red over them is worth nothing.
 */
import type { Row, Table } from "@holdfast/core/domain"
import { type Append, type Journal, type Snapshot, StorageUnavailable } from "@holdfast/core/ports"
import { Context, Effect } from "effect"

/** Makes a journal worse. `beneath` is what the network leads to, `above` what the engine's driver makes of it. */
export interface JournalMutant {
  readonly name: string
  readonly breaks: string
  readonly beneath?: (journal: Journal) => Journal
  readonly above?: (journal: Journal) => Journal
}

/** The same append as if it had expected the head where it is. */
const rebased = (append: Append, position: number): Append => {
  const shift = position - append.expected
  const moved = (row: Row): Row =>
    typeof row["position"] === "number" && row["position"] > append.expected
      ? { ...row, position: row["position"] + shift }
      : row
  return {
    ...append,
    expected: position,
    events: append.events.map((event) => ({
      ...event,
      position: event.position + shift,
      commandPosition: event.commandPosition + shift
    })),
    rows: append.rows.map(({ table, rows }) => ({ table, rows: rows.map(moved) }))
  }
}

/** Appends wherever the head is: what was decided on an old state is written over the new one. */
const withoutHeadFence = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    Effect.flatMap(journal.head(log), (head) => journal.append(log, rebased(append, head.position)))
})

const InsideExclusively = Context.Reference<boolean>("holdfast/testkit/InsideExclusively", {
  defaultValue: () => false
})

/**
 * Runs without the lock, and appends in there as an adapter does that relies on it: whoever holds the lock need not look
 * at the head again.
 */
const withoutLock = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    Effect.flatMap(InsideExclusively, (inside) => (inside ? withoutHeadFence(journal) : journal).append(log, append)),
  exclusively: (_log, effect) => Effect.provideService(effect, InsideExclusively, true)
})

const repetition = "~again~"

/** Takes a command that is in the log for a new one, and never finds one. */
const withoutDedupe = (journal: Journal): Journal => {
  let appends = 0
  const plain = <E extends { readonly commandId: string }>(event: E): E => ({
    ...event,
    commandId: event.commandId.split(repetition)[0] ?? event.commandId
  })
  return {
    ...journal,
    append: (log, append) => {
      appends++
      const events = append.events.map((event) => ({
        ...event,
        commandId: `${event.commandId}${repetition}${appends}`
      }))
      return journal.append(log, { ...append, events })
    },
    outcomes: (log) => Effect.map(journal.head(log), (head) => ({ head, outcomes: new Map() })),
    read: (log, after, limit) => Effect.map(journal.read(log, after, limit), (events) => events.map(plain)),
    snapshot: (log) =>
      Effect.map(
        journal.snapshot(log),
        (snapshot): Snapshot => ({
          head: snapshot.head,
          events: (after, limit) => Effect.map(snapshot.events(after, limit), (events) => events.map(plain)),
          rows: (table: Table<Row>) => snapshot.rows(table)
        })
      )
  }
}

/** Says of a lost connection that nothing was done, though that is not known. */
const withoutDoubt = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    journal
      .append(log, append)
      .pipe(
        Effect.catchTag("StorageUnavailable", ({ retryable, reason }) =>
          Effect.fail(new StorageUnavailable({ outcome: "not-applied", retryable, reason }))
        )
      )
})

/** Acknowledges what the storage did not take. */
const acknowledgesLost = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) => journal.append(log, append).pipe(Effect.catchTag("StorageUnavailable", () => Effect.void))
})

/** Finds no outcome, although the append still notices a command that is in the log. */
const withoutOutcomes = (journal: Journal): Journal => ({
  ...journal,
  outcomes: (log) => Effect.map(journal.head(log), (head) => ({ head, outcomes: new Map() }))
})

/** Loses the last event of an append that has several. */
const dropsLastEvent = (journal: Journal): Journal => ({
  ...journal,
  append: (log, append) =>
    journal.append(log, append.events.length < 2 ? append : { ...append, events: append.events.slice(0, -1) })
})

/** Forgets to write the rows of one table. */
const dropsRows =
  (table: string) =>
  (journal: Journal): Journal => ({
    ...journal,
    append: (log, append) =>
      journal.append(log, { ...append, rows: append.rows.filter((rows) => rows.table.name !== table) })
  })

/** A reader that passes over an event now and then, as one does that reads what is committed and not in order. */
const skipsEvents = (journal: Journal): Journal => ({
  ...journal,
  read: (log, after, limit) =>
    Effect.map(journal.read(log, after, limit), (events) =>
      events.length > 1 ? events.filter((event) => event.position !== after + 1) : events
    )
})

/** All of them. */
export const journalMutants: ReadonlyArray<JournalMutant> = [
  { name: "no head fence", breaks: "append wherever the head is", beneath: withoutHeadFence },
  {
    name: "no lock",
    breaks: "run exclusive work side by side, and trust the lock that is not there",
    above: withoutLock
  },
  { name: "no dedupe", breaks: "take a repeated command for a new one", beneath: withoutDedupe },
  { name: "no outcomes", breaks: "find no outcome of a command that is in the log", beneath: withoutOutcomes },
  { name: "no doubt", breaks: "report a lost acknowledgement as not applied", above: withoutDoubt },
  { name: "early acknowledgement", breaks: "acknowledge before storing", above: acknowledgesLost },
  { name: "dropped event", breaks: "lose the last event of a batch", beneath: dropsLastEvent },
  { name: "dropped rows", breaks: "lose the levels of a batch", beneath: dropsRows("levels") },
  { name: "skipping reader", breaks: "read past an event", beneath: skipsEvents }
]
