/** A journal for questions: nobody waits for an answer longer than the engine's patience. */
import { Effect } from "effect"
import type { StorageUnavailable } from "../ports/errors.ts"
import type { Journal } from "../ports/Journal.ts"
import { stopwatch, withPatience } from "./patience.ts"

/**
 * A connection may swallow what is sent on it and say nothing, for ever. Whoever asks on it has to be told, and has to let
 * go of it: a pool whose connections all wait for answers that never come is a dead pool, and takes the writer with it.
 * Snapshots and steps that change something are as they were.
 */
export const patientJournal = (journal: Journal, patienceMs: number): Journal => {
  const patiently = <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, E | StorageUnavailable, R> =>
    Effect.flatMap(stopwatch, (startedAt) => withPatience(question, startedAt, patienceMs, "not-applied"))
  return {
    ...journal,
    head: (log) => patiently(journal.head(log)),
    load: (log, request) => patiently(journal.load(log, request)),
    outcomes: (log, commandIds) => patiently(journal.outcomes(log, commandIds)),
    read: (log, after, limit) => patiently(journal.read(log, after, limit)),
    history: (log, sku, before, limit) => patiently(journal.history(log, sku, before, limit)),
    eventsAt: (log, positions) => patiently(journal.eventsAt(log, positions)),
    exclusively: (log, effect) => patiently(journal.exclusively(log, effect))
  }
}
