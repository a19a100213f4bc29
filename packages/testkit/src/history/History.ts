/**
 * What happened, as the callers saw it, and what the log says. Plain data, so that many processes can write their
 * parts as lines of JSON, die at any moment, and somebody else can judge the whole afterwards.
 */
import type { Availability, CommandName, Event, Scope } from "@holdfast/core/domain"

/** What a caller asked for. */
export type Request =
  | {
      readonly type: "command"
      readonly name: CommandName
      /** As it was sent. Its `correlationId` should name the call, so that the log tells which attempt took effect. */
      readonly input: {
        readonly commandId?: string
        readonly correlationId?: string
        readonly [field: string]: unknown
      }
    }
  | { readonly type: "availability"; readonly skus: ReadonlyArray<string>; readonly scope: Scope }

/** What a caller got. */
export type Answer =
  | { readonly type: "accepted"; readonly receipt: Receipt }
  /** A rule of the domain said no. */
  | { readonly type: "refused"; readonly refusal: string }
  /** `CommandIdReused`: the id belongs to another command, at that position. */
  | { readonly type: "reused"; readonly position: number }
  /** Not done, certainly: overloaded, closed, invalid, storage that did not get the command. */
  | { readonly type: "notApplied"; readonly reason: string }
  /** Done or not: the caller cannot know. A call without any answer counts as this. */
  | { readonly type: "unknown"; readonly reason: string }
  | { readonly type: "available"; readonly rows: ReadonlyArray<Availability> }
  /** A question was not answered. */
  | { readonly type: "unanswered"; readonly reason: string }
  /** The caller got an error that nobody has foreseen. */
  | { readonly type: "defect"; readonly message: string }

/** The part of a receipt that every command has. */
export interface Receipt {
  readonly commandId: string
  readonly position: number
  readonly recordedAt: number
  readonly [field: string]: unknown
}

/**
 * One thing that happened. `at` orders all records of all processes: a counter, or a monotonic clock that they share.
 * `clock` is the wall clock that engines see, in epoch milliseconds. `process` names the life of the engine that was asked.
 */
export type HistoryRecord = {
  readonly at: number
  readonly clock: number
} & (
  | { readonly record: "invoked"; readonly call: string; readonly process?: string; readonly request: Request }
  | { readonly record: "returned"; readonly call: string; readonly answer: Answer }
  /** Somebody follows the log from a position on. */
  | { readonly record: "subscribed"; readonly subscriber: string; readonly from: number }
  | { readonly record: "delivered"; readonly subscriber: string; readonly event: Event }
  /** A subscriber was told that events are missing. */
  | { readonly record: "alarmed"; readonly subscriber: string; readonly message: string }
  /** The wall clock was moved to `clock`. */
  | { readonly record: "clock" }
)

/** Everything that is needed to judge a run. */
export interface History {
  readonly records: ReadonlyArray<HistoryRecord>
  /** The log at the end, from its first event. */
  readonly events: ReadonlyArray<Event>
  /** What `verify()` said at the end. */
  readonly verification?: {
    readonly ok: boolean
    readonly differences: ReadonlyArray<string>
    readonly violations: ReadonlyArray<string>
  }
}

/** A broken promise. */
export interface Finding {
  /** The rule's name. */
  readonly rule: string
  /** A sentence with the facts. */
  readonly message: string
}

/** Reads records from lines of JSON. A last line that was cut off when its writer died is left out. */
export const parseRecords = (ndjson: string): ReadonlyArray<HistoryRecord> => {
  const lines = ndjson.split("\n")
  const cutOff = lines.pop()
  const records = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as HistoryRecord)
  if (cutOff === undefined || cutOff === "") return records
  try {
    return [...records, JSON.parse(cutOff) as HistoryRecord]
  } catch {
    return records
  }
}

/** Writes records as lines of JSON. */
export const formatRecords = (records: ReadonlyArray<HistoryRecord>): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("")
