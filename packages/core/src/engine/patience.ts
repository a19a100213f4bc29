/** How long to wait for a storage that may never answer. */
import { Clock, Effect, Fiber, Option } from "effect"
import { StorageUnavailable } from "../ports/errors.ts"

/** Milliseconds that only ever go forward: a clock that is set back or ahead neither stretches patience nor ends it. */
export const stopwatch: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) =>
  Number(nanos / 1_000_000n)
)

/** A storage that neither does what it was asked nor fails. It may still do it, if that was to change something. */
const silence = (patienceMs: number, outcome: StorageUnavailable["outcome"]): StorageUnavailable =>
  new StorageUnavailable({
    outcome,
    retryable: true,
    reason: `the storage did not answer within ${patienceMs} ms`
  })

/**
 * Waits for an effect, no longer than until `patienceMs` after `startedAt` (by the {@link stopwatch}). After that it is
 * interrupted but not waited for: a driver that rolls back over a dead connection may never come back.
 */
export const withPatience = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  startedAt: number,
  patienceMs: number,
  outcome: StorageUnavailable["outcome"] = "unknown"
): Effect.Effect<A, E | StorageUnavailable, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
    const done = fiber.pollUnsafe()
    if (done !== undefined) return yield* done
    const left = Math.max(1, startedAt + patienceMs - (yield* stopwatch))
    const abandon = Effect.forkDetach(Fiber.interrupt(fiber))
    const exit = yield* Effect.onInterrupt(Effect.timeoutOption(Fiber.await(fiber), left), () => abandon)
    if (Option.isSome(exit)) return yield* exit.value
    yield* abandon
    return yield* silence(patienceMs, outcome)
  })
