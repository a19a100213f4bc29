/** The Promise face: plain async/await over the engine. Refusals reject with their tagged error. */
import { Cause, Context, Effect, Exit, Scope, Stream, Tracer } from "effect"
import {
  type Availability,
  type CommandInput,
  type CommandName,
  type Commands,
  commands,
  type Event,
  InvalidCommand,
  idProblem,
  type ReservationRow
} from "../domain/index.ts"
import {
  type EngineOptions,
  type Explanation,
  makeEngine,
  type Progress,
  type Receipt,
  type SubscribeOptions,
  type Verification
} from "../engine/index.ts"
import { InventoryClosed } from "../ports/errors.ts"
import type { Head, Journal, JournalProvider } from "../ports/Journal.ts"
import { type OpenTelemetryApi, openTelemetryTracer, reportMetrics } from "./openTelemetry.ts"

/** How to open an inventory. */
export interface InventoryOptions extends EngineOptions {
  /** Where the stock lives: `memory()` from this package, `pglite()` or `postgres()` from `@holdfast/adapter-postgres`. */
  readonly journal: JournalProvider
  /** The host's `@opentelemetry/api` module, to see Holdfast's spans and metrics there. */
  readonly openTelemetry?: OpenTelemetryApi
}

/** Where to look: `within` a location's whole subtree, `exactly` at it, or (neither) anywhere. */
export type Where =
  | { readonly within?: string; readonly exactly?: never }
  | { readonly exactly: string; readonly within?: never }

/** One method per command: takes its fields, answers with its receipt. */
export type CommandMethods = {
  readonly [N in keyof Commands]: (input: CommandInput<N>) => Promise<Receipt<N>>
}

/** An open inventory of one tenant. */
export interface Inventory extends CommandMethods {
  readonly tenant: string
  /** What can be promised of each SKU in a scope, all as of one log position, in the order asked. */
  availability(query: { readonly skus: ReadonlyArray<string> } & Where): Promise<Array<Availability>>
  /** The sum behind availability, term by term, with the events behind each term. */
  explain(query: { readonly sku: string } & Where): Promise<Explanation>
  /** Events about a SKU, newest first (page with `before`), or all events of a reservation, oldest first. */
  history(
    query:
      | { readonly sku: string; readonly before?: number; readonly limit?: number }
      | { readonly reservation: string }
  ): Promise<Array<Event>>
  /** A reservation as it is at this instant; `undefined` if there is none. */
  reservation(id: string): Promise<ReservationRow | undefined>
  /** The events a command id led to; `undefined` if it never took effect. */
  outcome(commandId: string): Promise<Array<Event> | undefined>
  /** Where the log stands. */
  head(): Promise<Head>
  /** Events from a position on, contiguous, for ever (or `untilHead`). Leave the loop to unsubscribe. */
  subscribe(options?: SubscribeOptions): AsyncIterable<Event>
  /** Folds the log again and compares it with the rows. Needs memory for the whole state. */
  verify(options?: { readonly onProgress?: Progress }): Promise<Verification>
  /** Writes the rows again from the log. */
  rebuild(options?: { readonly onProgress?: Progress }): Promise<{ readonly position: number; readonly rows: number }>
  /** The inventory of another tenant in the same journal. It closes with this one, or earlier by itself. */
  forTenant(tenant: string): Promise<Inventory>
  /** Answers all that wait, then lets go of the journal. Commands and questions from now on reject with `InventoryClosed`. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens an inventory. The journal is created or migrated if need be. */
export const openInventory = async (options: InventoryOptions): Promise<Inventory> => {
  checkOptions(options)
  const run = runner(options.openTelemetry)
  const scope = Scope.makeUnsafe()
  const stopMetrics = options.openTelemetry === undefined ? () => {} : reportMetrics(options.openTelemetry)
  const closeAll = async () => {
    await run(Scope.close(scope, Exit.void))
    stopMetrics()
  }
  try {
    const journal = await run(Scope.provide(options.journal.open, scope))
    return await openTenant(journal, options, scope, run, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

type Run = <A, E>(effect: Effect.Effect<A, E>) => Promise<A>

/** Runs effects as promises that reject with the very error, not with a wrapper. */
const runner = (api: OpenTelemetryApi | undefined): Run => {
  const tracer = api === undefined ? undefined : openTelemetryTracer(api)
  return async (effect) => {
    const traced =
      tracer === undefined
        ? effect
        : Effect.provideContext(effect, Context.make(Tracer.Tracer, tracer.tracer).pipe(tracer.withCurrentParent))
    const exit = await Effect.runPromiseExit(traced)
    if (Exit.isSuccess(exit)) return exit.value
    throw Cause.squash(exit.cause)
  }
}

const openTenant = async (
  journal: Journal,
  options: InventoryOptions,
  parent: Scope.Scope,
  run: Run,
  close: () => Promise<void>
): Promise<Inventory> => {
  const engine = await run(Scope.provide(makeEngine(journal, options), parent))
  const methods: Record<string, unknown> = {}
  for (const name of Object.keys(commands) as Array<CommandName>) {
    methods[name] = (input: never) => run(engine.submit(name, input))
  }
  let closing: Promise<void> | undefined
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  return {
    ...(methods as unknown as CommandMethods),
    tenant: engine.tenant,
    availability: async (query) => {
      const { skus, ...where } = checkQuery("availability", query, ["skus", "within", "exactly"])
      if (!Array.isArray(skus)) throw invalid("availability", "skus", "must be a list of SKU ids")
      for (const [index, sku] of skus.entries()) checkId("availability", `skus.${index}`, sku)
      return [...(await run(engine.availability(skus, checkWhere("availability", where))))]
    },
    explain: async (query) => {
      const { sku, ...where } = checkQuery("explain", query, ["sku", "within", "exactly"])
      checkId("explain", "sku", sku)
      return run(engine.explain(sku, checkWhere("explain", where)))
    },
    history: async (query) => {
      const about = typeof query === "object" && query !== null && "reservation" in query
      const checked = checkQuery("history", query, about ? ["reservation"] : ["sku", "before", "limit"])
      if ("reservation" in checked) {
        checkId("history", "reservation", checked.reservation)
        return [...(await run(engine.reservationHistory(checked.reservation)))]
      }
      checkId("history", "sku", checked.sku)
      const before = checkCount("history", "before", checked.before ?? Number.MAX_SAFE_INTEGER)
      const limit = checkCount("history", "limit", checked.limit ?? 100)
      return [...(await run(engine.history(checked.sku, before, limit)))]
    },
    reservation: async (id) => {
      checkId("reservation", "id", id)
      return run(engine.reservation(id))
    },
    outcome: async (commandId) => {
      checkId("outcome", "commandId", commandId)
      const events = await run(engine.outcome(commandId))
      return events === undefined ? undefined : [...events]
    },
    head: () => run(engine.head),
    subscribe: (where = {}) => {
      const checked = checkQuery("subscribe", where, ["from", "pageSize", "pollMs", "untilHead"])
      for (const field of ["from", "pageSize", "pollMs"] as const) {
        if (checked[field] !== undefined) checkCount("subscribe", field, checked[field])
      }
      checkBoolean("subscribe", "untilHead", checked.untilHead)
      return Stream.toAsyncIterable(engine.subscribe(checked))
    },
    verify: async (job) => run(engine.verify(checkJob("verify", job))),
    rebuild: async (job) => run(engine.rebuild(checkJob("rebuild", job))),
    forTenant: async (tenant) => {
      checkId("forTenant", "tenant", tenant)
      if (closing !== undefined) throw new InventoryClosed()
      const scope = await run(Scope.fork(parent))
      return openTenant(journal, { ...options, tenant }, scope, run, () => run(Scope.close(scope, Exit.void)))
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce
  }
}

const invalid = (command: string, field: string, reason: string) => new InvalidCommand({ command, field, reason })

const optionFields: ReadonlyArray<keyof InventoryOptions> = [
  "journal",
  "openTelemetry",
  "tenant",
  "waitingMax",
  "batchMax",
  "cacheRowsMax",
  "storagePatienceMs",
  "sweep",
  "commandSpans"
]

const checkOptions = (options: InventoryOptions): void => {
  checkQuery("openInventory", options, optionFields)
  if (options.journal?._tag !== "HoldfastJournal") {
    throw invalid("openInventory", "journal", "must be a journal, such as memory(), pglite() or postgres({ url })")
  }
  if (options.tenant !== undefined) checkId("openInventory", "tenant", options.tenant)
  for (const field of ["waitingMax", "batchMax", "cacheRowsMax", "storagePatienceMs"] as const) {
    if (options[field] !== undefined) checkCount("openInventory", field, options[field])
  }
  for (const field of ["sweep", "commandSpans"] as const) checkBoolean("openInventory", field, options[field])
  const api = options.openTelemetry
  if (
    api !== undefined &&
    (typeof api?.trace?.getTracer !== "function" || typeof api.metrics?.getMeter !== "function")
  ) {
    throw invalid("openInventory", "openTelemetry", "must be the module @opentelemetry/api")
  }
}

const checkQuery = <Q extends object>(command: string, query: Q, fields: ReadonlyArray<string>): Q => {
  if (typeof query !== "object" || query === null || Array.isArray(query))
    throw invalid(command, "", "must be an object")
  for (const field of Object.keys(query)) {
    if (!fields.includes(field)) throw invalid(command, field.slice(0, 200), "is not known here")
  }
  return query
}

function checkId(command: string, field: string, id: unknown): asserts id is string {
  const reason = idProblem(id)
  if (reason !== undefined) throw invalid(command, field, reason)
}

const checkCount = (command: string, field: string, value: number): number => {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(command, field, "must be a whole number of at least 1")
  return value
}

const checkBoolean = (command: string, field: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "boolean") throw invalid(command, field, "must be true or false")
}

/** What reports the progress of a job. */
const checkJob = (command: string, job: { readonly onProgress?: Progress } | undefined): Progress | undefined => {
  const onProgress = checkQuery(command, job ?? {}, ["onProgress"]).onProgress
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw invalid(command, "onProgress", "must be a function")
  return onProgress
}

const checkWhere = (command: string, where: { readonly within?: unknown; readonly exactly?: unknown }) => {
  if (where.within !== undefined && where.exactly !== undefined) {
    throw invalid(command, "exactly", "must not be given together with within")
  }
  if (where.within !== undefined) checkId(command, "within", where.within)
  if (where.exactly !== undefined) checkId(command, "exactly", where.exactly)
  return where as { readonly within?: string; readonly exactly?: string }
}
