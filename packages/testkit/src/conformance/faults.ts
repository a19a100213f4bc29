/** A journal whose storage fails on a schedule, to see that nothing acknowledged is lost and nothing is done twice. */
import { type Journal, StorageUnavailable } from "@holdfast/core/ports"
import { Effect } from "effect"

/**
 * What happens to one call: nothing; it is refused before it is carried out; it is lost on the way, and nobody can tell
 * that from the next; or it is carried out and its acknowledgement is lost.
 */
export type Fault = "none" | "refused" | "lost" | "acknowledgement lost"

export const faults: ReadonlyArray<Fault> = ["none", "refused", "lost", "acknowledgement lost"]

const unavailable = (outcome: "not-applied" | "unknown") =>
  new StorageUnavailable({ outcome, retryable: true, reason: "a fault that the conformance kit injected" })

/** Wraps a journal. Each call that loads, appends or looks up takes the next fault of the schedule; then all is well. */
export const faulty = (journal: Journal, schedule: ReadonlyArray<Fault>): Journal => {
  let calls = 0
  const meddle = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E | StorageUnavailable, R> =>
    Effect.suspend((): Effect.Effect<A, E | StorageUnavailable, R> => {
      const fault = schedule[calls++] ?? "none"
      switch (fault) {
        case "none":
          return call
        case "refused":
          return Effect.fail(unavailable("not-applied"))
        case "lost":
          return Effect.fail(unavailable("unknown"))
        case "acknowledgement lost":
          return Effect.andThen(call, Effect.fail(unavailable("unknown")))
      }
    })
  return {
    ...journal,
    head: (log) => meddle(journal.head(log)),
    load: (log, request) => meddle(journal.load(log, request)),
    append: (log, append) => meddle(journal.append(log, append)),
    outcomes: (log, commandIds) => meddle(journal.outcomes(log, commandIds))
  }
}
