/**
 * How a concept tells the rest of Holdfast about its commands and events. `registry.ts` collects the definitions;
 * nothing else switches over command or event types.
 */
import { Schema } from "effect"
import { Id } from "./Ids.ts"
import type { Refusal } from "./Refusal.ts"
import type { Draft, Table, View } from "./Table.ts"
import { Instant } from "./Time.ts"

/** Command ids of what the engine records by itself, such as expiries, start with this. */
export const ownCommandPrefix = "holdfast:"

/** What a caller may say about any command. */
export const commandMeta = {
  /** Idempotency key. The same id with the same body has one effect and one answer, for ever. Default: a new UUID. */
  commandId: Schema.optionalKey(
    Id.check(
      Schema.makeFilter((id: string) =>
        id.startsWith(ownCommandPrefix)
          ? `must not start with ${ownCommandPrefix}, which the engine keeps for itself`
          : undefined
      )
    )
  ),
  /** Who did it. */
  actor: Schema.optionalKey(Id),
  /** Why, from the host's own list. */
  reasonCode: Schema.optionalKey(Id),
  /** The host's document: an order, a delivery note. */
  reference: Schema.optionalKey(Id),
  correlationId: Schema.optionalKey(Id),
  causationId: Schema.optionalKey(Id),
  /** When it was true, if that is not now. `recordedAt` is always the engine's own clock. */
  effectiveAt: Schema.optionalKey(Instant)
}

/** A decoded command: its fields and its type. */
export interface Command {
  readonly type: string
  readonly commandId?: string
  readonly actor?: string
  readonly reasonCode?: string
  readonly reference?: string
  readonly correlationId?: string
  readonly causationId?: string
  /** Epoch milliseconds. */
  readonly effectiveAt?: number
}

/** What happened, before the log gives it a position. */
export interface EventBody {
  readonly type: string
  readonly version: number
  readonly data: unknown
}

/**
 * What a command has to find loaded. Calls may depend on rows that are loaded already: the engine asks again after
 * each load, until nothing is missing.
 */
export interface Needs {
  /** Asks for a row; returns it when it is loaded, `undefined` when it is absent or not loaded yet. */
  row<R extends object>(table: Table<R>, key: string): R | undefined
  /**
   * Names a row that the command is about to add under an id of the caller's choice. It hardly ever exists, so nobody has
   * to look: the commit finds out, and then it is decided again with the row that was in the way.
   */
  fresh<R extends object>(table: Table<R>, key: string): void
  /** Asks for a group of rows; returns them when they are loaded, none otherwise. */
  group<R extends object>(table: Table<R>, group: string, value: string): ReadonlyArray<R>
}

/** One kind of command. */
export interface CommandDefinition<S extends Schema.Top, A> {
  readonly schema: S
  /** Names the rows that `decide` and the evolution of its events read. */
  footprint(command: S["Type"], needs: Needs): void
  /** Pure: the events, or the refusal. `now` is epoch milliseconds. It may write to its own draft of `state`, never to `state`. */
  decide(command: S["Type"], state: View, now: number): ReadonlyArray<EventBody> | Refusal
  /** What the caller is told, from the events alone, so that a repeated command gets the same answer. */
  answer(events: ReadonlyArray<EventBody>): A
}

/** A command's own fields and {@link commandMeta}. A command may ask for more than the meta does: `adjust` needs a reason. */
type WithMeta<F extends Schema.Struct.Fields> = F & Omit<typeof commandMeta, keyof F>

/** Declares a command; its schema is its fields and {@link commandMeta}. */
export const command = <const F extends Schema.Struct.Fields, A>(definition: {
  readonly fields: F
  /** A rule over several fields: the field at fault and the reason, or nothing. */
  readonly check?: (command: Schema.Struct<WithMeta<F>>["Type"]) => readonly [field: string, reason: string] | undefined
  footprint(command: Schema.Struct<WithMeta<F>>["Type"], needs: Needs): void
  decide(command: Schema.Struct<WithMeta<F>>["Type"], state: View, now: number): ReadonlyArray<EventBody> | Refusal
  answer(events: ReadonlyArray<EventBody>): A
}): CommandDefinition<Schema.Struct<WithMeta<F>>, A> & {
  readonly check?: (command: Schema.Struct<WithMeta<F>>["Type"]) => readonly [string, string] | undefined
} => {
  const fields: WithMeta<F> = { ...commandMeta, ...definition.fields }
  return { ...definition, schema: Schema.Struct(fields) }
}

/** Facts about an event that its evolution may use besides its data. */
export interface EventFacts {
  /** Its position in the log. */
  readonly position: number
  /** When it was true, epoch milliseconds. */
  readonly effectiveAt: number
  /** When it was recorded, epoch milliseconds. */
  readonly recordedAt: number
}

/** One kind of event. `versions` are the schemas of its data, oldest first; `upcasts[i]` turns version i + 1 into i + 2. */
export interface EventDefinition<D> {
  readonly type: string
  readonly versions: ReadonlyArray<Schema.Codec<unknown, unknown>>
  readonly upcasts: ReadonlyArray<(data: unknown) => unknown>
  /** Writes the changed rows to the draft. Never refuses: what happened, happened. */
  evolve(data: D, draft: Draft, facts: EventFacts): void
  /** The SKUs the event is about, for `history`. */
  skus(data: D): ReadonlyArray<string>
  /** Makes the event's current version. */
  make(data: D): EventBody
  is(event: {
    readonly type: string
    readonly data: unknown
  }): event is { readonly type: string; readonly version: number; readonly data: D }
}

/** Declares an event with its present schema and, if it had others, its past. */
export const event = <S extends Schema.Codec<unknown, unknown>>(definition: {
  readonly type: string
  readonly schema: S
  readonly past?: ReadonlyArray<{
    readonly schema: Schema.Codec<unknown, unknown>
    readonly upcast: (data: never) => unknown
  }>
  evolve(data: S["Type"], draft: Draft, facts: EventFacts): void
  skus(data: S["Type"]): ReadonlyArray<string>
}): EventDefinition<S["Type"]> => {
  const past = definition.past ?? []
  const version = past.length + 1
  return {
    type: definition.type,
    versions: [...past.map((step) => step.schema), definition.schema],
    upcasts: past.map((step) => step.upcast as (data: unknown) => unknown),
    evolve: definition.evolve,
    skus: definition.skus,
    make: (data) => ({ type: definition.type, version, data }),
    is: (candidate): candidate is { type: string; version: number; data: S["Type"] } =>
      candidate.type === definition.type
  }
}

/** A law that the rows must satisfy, whatever happened. Returns sentences that say what is broken. */
export type Invariant = (rows: <R extends object>(table: Table<R>) => Iterable<R>) => ReadonlyArray<string>
