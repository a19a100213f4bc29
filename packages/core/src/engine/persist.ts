/** What happens to a batch whose first attempt failed, or that meets other writers: tries until everybody is answered. */
import { Cause, Clock, Effect, Exit, Metric, Option, type Tracer } from "effect"
import { StorageUnavailable } from "../ports/errors.ts"
import type { CommandRecorded, Head, HeadMoved, Journal, LogId, RowExists } from "../ports/Journal.ts"
import type { Attempts } from "./Attempts.ts"
import type { Entry } from "./Entry.ts"
import { stopwatch, withPatience } from "./patience.ts"
import type { Receipts } from "./Receipts.ts"
import { answer, settleAll } from "./settle.ts"
import * as Telemetry from "./Telemetry.ts"

/** How an attempt may fail. */
export type AttemptFailure = HeadMoved | CommandRecorded | RowExists | StorageUnavailable

/** Attempts at one batch: far more than others can cause once the head is locked, so a journal is broken that takes more. */
const attemptsMax = 200

/** First and longest pause between attempts while the storage does not answer. */
const pauseMsMin = 20
const pauseMsMax = 1_000

/** What trying needs. */
export interface Persistence {
  readonly journal: Journal
  readonly log: LogId
  readonly attempts: Attempts
  readonly receipts: Receipts
  readonly patienceMs: number
  readonly onAppend: (head: Head) => void
  /** Whether to lock the head first, because others have been met lately. */
  readonly isContended: () => boolean
  readonly onConflict: () => void
}

/** Gives the function that tries. Nothing else may be in flight meanwhile. */
export const persist = (options: Persistence) => {
  const { journal, log, attempts, receipts, patienceMs } = options

  /** Load, decide, commit: once, and everything certain when it succeeds. */
  const attempt = Effect.fnUntraced(function* (entries: ReadonlyArray<Entry>, inDoubt: boolean, locked: boolean) {
    const ready = yield* attempts.decide(entries, { inDoubt, locked, inFlight: undefined })
    const checked = yield* attempts.check(ready)
    const sending = attempts.commitOf(checked)
    if (sending !== undefined) yield* sending.append
    return { checked, sending }
  })

  const patiently = Effect.fnUntraced(function* (entries: ReadonlyArray<Entry>, inDoubt: boolean, startedAt: number) {
    const locked = options.isContended()
    const once = attempt(entries, inDoubt, locked)
    return yield* withPatience(locked ? journal.exclusively(log, once) : once, startedAt, patienceMs)
  })

  const untilAnswered = Effect.fnUntraced(function* (
    entries: ReadonlyArray<Entry>,
    startedAt: number,
    span: Tracer.Span,
    failed: Exit.Failure<unknown, AttemptFailure> | undefined,
    wasInDoubt = false
  ): Effect.fn.Return<void> {
    let pending = entries
    let inDoubt = wasInDoubt
    let pauseMs = pauseMsMin
    let count = 0
    let failure = failed
    for (;;) {
      if (failure === undefined) {
        const exit = yield* Effect.exit(patiently(pending, inDoubt, startedAt))
        if (Exit.isSuccess(exit)) {
          const { checked, sending } = exit.value
          attempts.advance(checked, sending)
          if (sending !== undefined) options.onAppend(sending.headAfter)
          const { again, decision } = checked.decided
          const expired = decision.events.filter((event) => event.type === "ReservationExpired").length
          if (expired > 0) yield* Metric.update(Telemetry.expiries, expired)
          const settlements = attempts.settlements(checked)
          yield* answer(settlements, receipts)
          if (!again) break
          // Every round records expiries, so it ends; unless the journal says what is not so.
          if (decision.events.length === 0 && ++count >= attemptsMax) {
            yield* giveUp(pending, stuck, inDoubt)
            return
          }
          const settled = new Set(settlements.map(({ entry }) => entry))
          pending = pending.filter((entry) => !settled.has(entry))
          continue
        }
        failure = exit
      }
      count++
      const error = Option.getOrUndefined(Cause.findErrorOption(failure.cause))
      const now = yield* Clock.currentTimeMillis
      span.event("holdfast.attempt.failed", BigInt(now) * 1_000_000n, {
        attempts: count,
        reason: error?._tag ?? "defect"
      })
      // Only what was sent ahead of its commit, and what may have taken effect, leaves wrong beliefs behind.
      if (failure === failed || error === undefined || error._tag === "StorageUnavailable") attempts.forget()
      if (error === undefined) {
        if (pending.length === 1 || Cause.hasInterruptsOnly(failure.cause)) {
          settleAll(pending, Exit.die(Cause.squash(failure.cause)))
          return
        }
        // One poisonous command must not take its neighbours down: each gets a batch of its own.
        for (const entry of pending) yield* untilAnswered([entry], startedAt, span, undefined, inDoubt)
        return
      }
      failure = undefined
      if (error._tag !== "StorageUnavailable") {
        inDoubt ||= error._tag === "CommandRecorded"
        attempts.learn(error._tag)
        if (error._tag === "HeadMoved") {
          options.onConflict()
          yield* Metric.update(Telemetry.conflicts, 1)
        }
        if (count < attemptsMax) continue
        yield* giveUp(pending, endless(error), inDoubt)
        return
      }
      yield* Metric.update(Telemetry.storageFailures, 1)
      if (error.outcome === "unknown") {
        inDoubt = true
        attempts.lost(pending)
      }
      if (!error.retryable || (yield* stopwatch) - startedAt >= patienceMs) {
        yield* giveUp(pending, error, inDoubt)
        return
      }
      yield* Effect.sleep(pauseMs)
      pauseMs = Math.min(pauseMsMax, pauseMs * 2)
    }
    span.attribute("holdfast.batch.attempts", count + 1)
  })
  return untilAnswered
}

/** Answers those whose commands could not be settled. */
const giveUp = (pending: ReadonlyArray<Entry>, failure: StorageUnavailable, inDoubt: boolean): Effect.Effect<void> => {
  const { retryable, reason, cause } = failure
  const outcome = inDoubt ? "unknown" : failure.outcome
  for (const entry of pending) {
    settleAll(
      [entry],
      Exit.fail(new StorageUnavailable({ outcome, retryable, reason, cause, commandId: entry.commandId }))
    )
  }
  return Metric.update(Metric.withAttributes(Telemetry.commands, { outcome: "failed" }), pending.length)
}

const stuck = new StorageUnavailable({
  outcome: "not-applied",
  retryable: true,
  reason: "the journal names expired claims that cannot be recorded"
})

const endless = (cause: HeadMoved | CommandRecorded | RowExists): StorageUnavailable =>
  new StorageUnavailable({
    outcome: "not-applied",
    retryable: true,
    reason: `the journal refused ${attemptsMax} attempts in a row: ${cause.message}`,
    cause
  })
