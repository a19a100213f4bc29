/** Engines over the memory journal, with a hand on the journal's door: calls are counted, delayed, failed, or let through. */
import { type CommandFailure, type Engine, type EngineOptions, makeEngine, type Receipt } from "@holdfast/core/engine"
import { type Append, type Journal, type Loaded, StorageUnavailable, type WeakGuarantee } from "@holdfast/core/ports"
import { memory } from "@holdfast/core"
import type { CommandInput, CommandName } from "@holdfast/core/domain"
import { Context, Deferred, Effect, Fiber, type Scope, Tracer } from "effect"

/** What the journal's methods are called. */
export type Call =
  | "head"
  | "load"
  | "append"
  | "outcomes"
  | "read"
  | "history"
  | "eventsAt"
  | "snapshot"
  | "replaceRows"

/** A journal behind a door. What passes the door is the real journal in memory. */
export class Door {
  readonly inner: Journal
  readonly journal: Journal
  /** Calls that reached the door, in order. */
  readonly calls: Array<Call> = []
  /** Appends that reached the journal, accepted or not. */
  readonly appends: Array<Append> = []
  /** Runs before the journal sees a call. Failing here means that nothing was done. */
  before: (call: Call, append?: Append) => Effect.Effect<void, StorageUnavailable> = () => Effect.void
  /** Runs after an append took effect. Failing here loses its acknowledgement. */
  afterAppend: (append: Append) => Effect.Effect<void, StorageUnavailable> = () => Effect.void

  /** Changes what is loaded, as a damaged table would. */
  afterLoad: (loaded: Loaded) => Loaded = (loaded) => loaded

  constructor(inner: Journal) {
    this.inner = inner
    const pass = <A, E>(
      call: Call,
      effect: Effect.Effect<A, E>,
      append?: Append
    ): Effect.Effect<A, E | StorageUnavailable> =>
      Effect.suspend(() => {
        this.calls.push(call)
        return Effect.andThen(this.before(call, append), effect)
      })
    this.journal = {
      manifest: inner.manifest,
      head: (log) => pass("head", inner.head(log)),
      load: (log, request) =>
        pass(
          "load",
          Effect.map(inner.load(log, request), (loaded) => this.afterLoad(loaded))
        ),
      append: (log, append) =>
        pass(
          "append",
          Effect.suspend(() => {
            this.appends.push(append)
            return Effect.andThen(inner.append(log, append), this.afterAppend(append))
          }),
          append
        ),
      exclusively: (log, effect) => inner.exclusively(log, effect),
      outcomes: (log, commandIds) => pass("outcomes", inner.outcomes(log, commandIds)),
      read: (log, after, limit) => pass("read", inner.read(log, after, limit)),
      history: (log, sku, before, limit) => pass("history", inner.history(log, sku, before, limit)),
      eventsAt: (log, positions) => pass("eventsAt", inner.eventsAt(log, positions)),
      snapshot: (log) => Effect.andThen(pass("snapshot", Effect.void), inner.snapshot(log)),
      replaceRows: (log, position, rows) => pass("replaceRows", inner.replaceRows(log, position, rows))
    }
  }

  /** Calls since the last time this was asked. */
  takeCalls(): ReadonlyArray<Call> {
    return this.calls.splice(0)
  }

  /** Command ids of each append so far, once each. */
  batches(): ReadonlyArray<ReadonlyArray<string>> {
    return this.appends.map((append) => [...new Set(append.events.map((event) => event.commandId))])
  }

  /** Makes appends wait. `arrived` resolves when the first one waits; `open` lets all of them go on. */
  readonly closeForAppends: Effect.Effect<{
    readonly arrived: Effect.Effect<void>
    readonly open: Effect.Effect<void>
  }> = Effect.gen({ self: this }, function* (this: Door) {
    const arrived = yield* Deferred.make<void>()
    const opened = yield* Deferred.make<void>()
    this.before = (call) =>
      call === "append" ? Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(opened)) : Effect.void
    return {
      arrived: Deferred.await(arrived),
      open: Effect.asVoid(Deferred.succeed(opened, undefined))
    }
  })
}

/** A fresh door to a fresh journal. */
export const makeDoor: Effect.Effect<Door, StorageUnavailable, Scope.Scope> = Effect.suspend(() =>
  Effect.map(memory().open, (journal) => new Door(journal))
)

/** A storage that fails before anything is done, and may well work later. */
export const outage = (retryable = true): StorageUnavailable =>
  new StorageUnavailable({ outcome: "not-applied", retryable, reason: "the storage is away" })

/** A connection that died after the request was sent. */
export const lostAnswer = (retryable = true): StorageUnavailable =>
  new StorageUnavailable({ outcome: "unknown", retryable, reason: "the connection died" })

/** An engine whose sweeper sleeps, on a journal behind a door, stocked with 100 mugs in London. */
export const stocked = Effect.fnUntraced(function* (
  options: EngineOptions = {}
): Effect.fn.Return<{ readonly door: Door; readonly engine: Engine }, CommandFailure | WeakGuarantee, Scope.Scope> {
  const door = yield* makeDoor
  const engine = yield* makeEngine(door.journal, { sweep: false, ...options })
  yield* engine.submit("registerLocation", { id: "LDN", kind: "site" })
  yield* engine.submit("registerSku", { id: "mug" })
  yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 100 })
  door.takeCalls()
  door.appends.length = 0
  return { door, engine }
})

/** The input of a reservation of mugs. */
export const cart = (
  id: string,
  quantity = 1,
  more: Partial<CommandInput<"reserve">> = {}
): CommandInput<"reserve"> => ({
  id,
  owner: "customer",
  lines: [{ sku: "mug", quantity, within: "LDN" }],
  expiresIn: "1 hour",
  ...more
})

/** Submits without waiting. Submissions made one after the other reach the engine in that order. */
export const start = <N extends CommandName>(
  engine: Engine,
  name: N,
  input: CommandInput<N>
): Effect.Effect<Fiber.Fiber<Receipt<N>, CommandFailure>> =>
  Effect.forkDetach(engine.submit(name, input), { startImmediately: true })

/** What a started command came to: its receipt, or the tag of its failure. */
export const tagOf = <A>(fiber: Fiber.Fiber<A, CommandFailure>): Effect.Effect<string> =>
  Effect.match(Fiber.join(fiber), { onFailure: (failure) => failure._tag, onSuccess: () => "accepted" })

/** A tracer that keeps every span it made. */
export const keepingTracer = (): { readonly tracer: Tracer.Tracer; readonly spans: Array<Tracer.NativeSpan> } => {
  const spans: Array<Tracer.NativeSpan> = []
  return {
    spans,
    tracer: Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
  }
}

/** Provides a tracer to everything inside, engines opened there included. */
export const withTracer = <A, E, R>(effect: Effect.Effect<A, E, R>, tracer: Tracer.Tracer): Effect.Effect<A, E, R> =>
  Effect.provideContext(effect, Context.make(Tracer.Tracer, tracer)) as Effect.Effect<A, E, R>
