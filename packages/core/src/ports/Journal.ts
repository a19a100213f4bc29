/**
 * The one required port: where a log's events and rows live.
 *
 * A journal keeps, per log, a **head** (the position of the last event), the **events** 1, 2, 3, … up to the head, and
 * the **rows** that follow from them. Its whole duty is {@link Journal.append}: move the head, add the events and write
 * the rows in one atomic step, if and only if the head stands where the caller expects it.
 */
import type { Effect, Scope, Stream } from "effect"
import { Data } from "effect"
import type { Event } from "../domain/model/Event.ts"
import type { Row, Table } from "../domain/model/Table.ts"
import type { StorageUnavailable } from "./errors.ts"

/** Names one log. A log belongs to one tenant; a tenant may have more than one. */
export type LogId = string

/** Where a log stands. */
export interface Head {
  /** Position of the last event; 0 for an empty log. */
  readonly position: number
  /** When it was recorded, epoch milliseconds; 0 for an empty log. */
  readonly recordedAt: number
}

/** What a journal guarantees. The engine refuses to start on one that guarantees too little. */
export interface JournalManifest {
  /** For messages. */
  readonly adapter: string
  /** Appends and loads behave as if there were one copy of the log. Required. */
  readonly linearizable: boolean
  /** Events and rows of an append are all there or none. Required. */
  readonly atomicAppend: boolean
  /** What was acknowledged survives the death of this process. */
  readonly durable: boolean
  /** Other processes may append to the same logs. */
  readonly shared: boolean
}

/** Rows to load: by key, by group, and the soft claims that expire first. */
export interface LoadRequest {
  readonly rows: ReadonlyArray<{ readonly table: Table<Row>; readonly keys: ReadonlyArray<string> }>
  readonly groups: ReadonlyArray<{
    readonly table: Table<Row>
    readonly group: string
    readonly values: ReadonlyArray<string>
  }>
  /** How many of the soft claims that expire first; 0 for none. */
  readonly expiring: number
}

/** Rows as of one position. Lists follow the request's; what does not exist is not in them. */
export interface Loaded {
  readonly head: Head
  readonly rows: ReadonlyArray<ReadonlyArray<Row>>
  readonly groups: ReadonlyArray<ReadonlyArray<Row>>
  /** Soft claims by `expiresAt`, earliest first, due or not. */
  readonly expiring: ReadonlyArray<{ readonly id: string; readonly expiresAt: number }>
}

/** An event with the fingerprint of its command's body, by which a reused command id is recognised. */
export interface StoredEvent extends Event {
  readonly fingerprint: string
}

/** One atomic step of a log. */
export interface Append {
  /** The head's position before it. */
  readonly expected: number
  /** When it is recorded, epoch milliseconds. */
  readonly recordedAt: number
  /** Contiguous from `expected + 1`. Not empty. */
  readonly events: ReadonlyArray<StoredEvent>
  /** Rows to insert or replace, and rows to add: those must not exist yet. */
  readonly rows: ReadonlyArray<{
    readonly table: Table<Row>
    readonly rows: ReadonlyArray<Row>
    readonly added?: ReadonlyArray<Row>
  }>
}

/** Somebody else appended: the head is not where it was expected. Nothing was written. */
export class HeadMoved extends Data.TaggedError("HeadMoved")<{
  readonly expected: number
  /** Where the head really is; at least that far by now. */
  readonly actual: number
}> {
  override get message() {
    return `the head was expected at ${this.expected} and is at ${this.actual}`
  }
}

/** One of the commands is in the log already. Nothing was written; `outcomes` tells which. */
export class CommandRecorded extends Data.TaggedError("CommandRecorded") {
  override get message() {
    return "a command of this append is in the log already"
  }
}

/** A row of this append that was to be added exists already. Nothing was written. */
export class RowExists extends Data.TaggedError("RowExists") {
  override get message() {
    return "a row that this append would add exists already"
  }
}

/** What a command led to. */
export interface Outcome {
  readonly fingerprint: string
  readonly events: ReadonlyArray<Event>
}

/** A consistent look at a whole log, as of one position. */
export interface Snapshot {
  readonly head: Head
  /** Events after a position, in order. */
  events(after: number, limit: number): Effect.Effect<ReadonlyArray<StoredEvent>, StorageUnavailable>
  /** All rows of a table, in no particular order. */
  rows(table: Table<Row>): Stream.Stream<Row, StorageUnavailable>
}

/** The port. Every failure of the storage is a `StorageUnavailable`; no driver error leaves an adapter. */
export interface Journal {
  readonly manifest: JournalManifest

  /** The head of a log, which is created empty if need be. */
  head(log: LogId): Effect.Effect<Head, StorageUnavailable>

  /** Loads rows as of one position, in a bounded number of round trips for the whole request. */
  load(log: LogId, request: LoadRequest): Effect.Effect<Loaded, StorageUnavailable>

  /** Appends, or fails without a trace. Succeeds only after the step is as durable as the manifest says. */
  append(log: LogId, append: Append): Effect.Effect<void, HeadMoved | CommandRecorded | RowExists | StorageUnavailable>

  /**
   * Runs an effect while nobody else can append to the log. Loads inside it see the locked log. It appends at most once,
   * as its last step; what it appended counts only when the whole succeeds.
   */
  exclusively<A, E, R>(log: LogId, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StorageUnavailable, R>

  /** What the given commands led to, and the head as of the same instant. Unknown commands are not in the map. */
  outcomes(
    log: LogId,
    commandIds: ReadonlyArray<string>
  ): Effect.Effect<{ readonly head: Head; readonly outcomes: ReadonlyMap<string, Outcome> }, StorageUnavailable>

  /** Events after a position, in order. Never passes over an event that is not visible yet. */
  read(log: LogId, after: number, limit: number): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>

  /** Events about a SKU before a position, newest first. */
  history(
    log: LogId,
    sku: string,
    before: number,
    limit: number
  ): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>

  /** The events at the given positions, in order. */
  eventsAt(log: LogId, positions: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>

  /** A consistent look at everything. Holds resources until the scope closes. */
  snapshot(log: LogId): Effect.Effect<Snapshot, StorageUnavailable, Scope.Scope>

  /** Replaces all rows of a log, if its head still stands at `position`. */
  replaceRows(
    log: LogId,
    position: number,
    rows: ReadonlyArray<{ readonly table: Table<Row>; readonly rows: Iterable<Row> }>
  ): Effect.Effect<void, HeadMoved | StorageUnavailable>
}

/** A journal that can be opened: what `memory()`, `pglite()` and `postgres()` give. */
export interface JournalProvider {
  readonly _tag: "HoldfastJournal"
  readonly open: Effect.Effect<Journal, StorageUnavailable, Scope.Scope>
}
