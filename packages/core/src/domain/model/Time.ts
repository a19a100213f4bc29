/**
 * Instants are epoch milliseconds; durations are milliseconds. Callers may write `"15 minutes"`, `900_000`, an ISO 8601
 * text or a `Date`.
 */
import { Duration, Option, Schema } from "effect"

/** Latest instant a JavaScript date can hold, in epoch milliseconds. */
const instantMax = 8_640_000_000_000_000

/** An instant as a caller may write it. */
export const InstantInput = Schema.Union([Schema.Number, Schema.String, Schema.Date]).check(
  Schema.makeFilter((value) => {
    const at = toInstant(value)
    return Number.isInteger(at) && Math.abs(at) <= instantMax
      ? undefined
      : "must be an instant: epoch milliseconds, an ISO 8601 text or a Date"
  })
)
export type InstantInput = typeof InstantInput.Type

/** Epoch milliseconds of an instant, NaN when it is none. */
export const toInstant = (value: InstantInput): number =>
  typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : value.getTime()

/** Longest duration: 100 years, in milliseconds. */
const durationMsMax = 100 * 365 * 24 * 3_600_000

/** A duration as a caller may write it: milliseconds, or a text such as `"15 minutes"`. */
export const DurationInput = Schema.Union([Schema.Number, Schema.String]).check(
  Schema.makeFilter((value) => {
    const ms = toDurationMs(value)
    return ms >= 1 && ms <= durationMsMax
      ? undefined
      : `must be a duration between 1 ms and 100 years, such as "15 minutes" or 900000`
  })
)
export type DurationInput = typeof DurationInput.Type

/** Milliseconds of a duration, NaN when it is none. */
export const toDurationMs = (value: DurationInput): number =>
  Option.match(Duration.fromInput(value as Duration.Input), {
    onNone: () => Number.NaN,
    onSome: (duration) => Math.round(Duration.toMillis(duration))
  })
