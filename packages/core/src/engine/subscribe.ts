/** Follows a log. Positions are contiguous, so a subscriber needs one number, and a lost event is an alarm. */
import { Effect, Stream } from "effect"
import type { Event } from "../domain/index.ts"
import { LogGap, type StorageUnavailable } from "../ports/errors.ts"
import type { Journal, LogId } from "../ports/Journal.ts"
import { readEvent } from "./readEvent.ts"

/** Where and how to follow. */
export interface SubscribeOptions {
  /** The first position to deliver. Default: 1, the beginning. */
  readonly from?: number
  /** Most events to read at once. Default: 500. */
  readonly pageSize?: number
  /** Longest pause between two looks at an idle log, in milliseconds. Default: 500. */
  readonly pollMs?: number
  /** End at the head instead of waiting for more. Default: false. */
  readonly untilHead?: boolean
}

/** Waits for a hint that there may be more, or for the poll. Polling by position is the truth. */
export type Wakeup = (ms: number) => Effect.Effect<void>

/** Events from a position on, in order, each exactly once per run of the stream. Ends when the engine has closed. */
export const subscribe = (
  journal: Journal,
  log: LogId,
  options: SubscribeOptions,
  wakeup: Wakeup,
  isOver: () => boolean
): Stream.Stream<Event, LogGap | StorageUnavailable> => {
  const pageSize = options.pageSize ?? 500
  const next = Effect.fnUntraced(function* (
    last: number
  ): Effect.fn.Return<readonly [number, ReadonlyArray<Event>] | undefined, LogGap | StorageUnavailable> {
    for (;;) {
      // Asked before reading, so that what was appended until then is delivered.
      const over = isOver()
      const page = yield* journal.read(log, last, pageSize)
      let expected = last + 1
      for (const event of page) {
        if (event.position !== expected) return yield* new LogGap({ expected, got: event.position })
        expected++
      }
      if (page.length > 0) return [expected - 1, page.map(readEvent)]
      if (options.untilHead === true || over) return undefined
      yield* wakeup(options.pollMs ?? 500)
    }
  })
  return Stream.unfold((options.from ?? 1) - 1, (last) =>
    Effect.map(next(last), (step) => (step === undefined ? undefined : ([step[1], step[0]] as const)))
  ).pipe(Stream.flatMap(Stream.fromIterable))
}
