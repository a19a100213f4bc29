/**
 * Instants are epoch milliseconds; durations are milliseconds. Callers may write `"15 minutes"`, `900_000`, an ISO 8601
 * text or a `Date`.
 */
import { Duration, Option, Schema, SchemaTransformation } from "effect"

/** The years 0 to 9999, in epoch milliseconds: what ISO 8601 writes with four digits, and every database can hold. */
const instantMin = -62_167_219_200_000
const instantMax = 253_402_300_799_999

const WrittenInstant = Schema.Union([Schema.Number, Schema.String, Schema.Date]).check(
  Schema.makeFilter((value) => {
    const at = toInstant(value)
    return Number.isInteger(at) && at >= instantMin && at <= instantMax
      ? undefined
      : "must be an instant of the years 0 to 9999: epoch milliseconds, an ISO 8601 text or a Date"
  })
)

/** An instant, however a caller writes it; epoch milliseconds in the command, so that equal instants are equal commands. */
export const Instant = WrittenInstant.pipe(
  Schema.decodeTo(
    Schema.Number,
    SchemaTransformation.transform({ decode: toInstant, encode: (at): number | string | Date => at })
  )
)

function toInstant(value: number | string | Date): number {
  return typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : value.getTime()
}

/** Longest duration: 100 years, in milliseconds. */
const durationMsMax = 100 * 365 * 24 * 3_600_000

const WrittenDuration = Schema.Union([Schema.Number, Schema.String]).check(
  Schema.makeFilter((value) => {
    const ms = toDurationMs(value)
    return ms >= 1 && ms <= durationMsMax
      ? undefined
      : `must be a duration between 1 ms and 100 years, such as "15 minutes" or 900000`
  })
)

/** A duration, as milliseconds or a text such as `"15 minutes"`; milliseconds in the command. */
export const DurationMs = WrittenDuration.pipe(
  Schema.decodeTo(
    Schema.Number,
    SchemaTransformation.transform({ decode: toDurationMs, encode: (ms): number | string => ms })
  )
)

/** NaN when it is no duration. */
function toDurationMs(value: number | string): number {
  return Option.match(Duration.fromInput(value as Duration.Input), {
    onNone: () => Number.NaN,
    onSome: (duration) => Math.round(Duration.toMillis(duration))
  })
}
