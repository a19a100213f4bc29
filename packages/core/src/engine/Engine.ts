/** One log, open for commands and questions. Both faces stand on this. */
import { randomUUID } from "node:crypto"
import { type Cause, Clock, Deferred, Effect, Exit, Fiber, Queue, Result, type Scope, type Stream } from "effect"
import {
  type Availability,
  type CommandInput,
  type CommandName,
  decodeCommand,
  type Event,
  type InvalidCommand,
  type ReservationRow,
  type Scope as Place
} from "../domain/index.ts"
import { InventoryClosed, type LogGap, Overloaded, type StorageUnavailable, WeakGuarantee } from "../ports/errors.ts"
import type { Head, HeadMoved, Journal } from "../ports/Journal.ts"
import { rebuild, type Verification, verify } from "./audit.ts"
import { type Entry, fingerprintOf, type Receipt, type Rejection } from "./Entry.ts"
import type { Explanation } from "./explain.ts"
import { patientJournal } from "./patientJournal.ts"
import { Reader, type ReadRefusal } from "./Reader.ts"
import { readEvent } from "./readEvent.ts"
import { subscribe, type SubscribeOptions } from "./subscribe.ts"
import { queueDepth } from "./Telemetry.ts"
import { Writer } from "./Writer.ts"

/** How an engine is set up. Every field has a default. */
export interface EngineOptions {
  /** Whose stock this is. Tenants never see each other's. Default: `default`. */
  readonly tenant?: string
  /** Most commands that may wait before more are refused as `Overloaded`. Default: 10,000. */
  readonly waitingMax?: number
  /** Most commands in one commit. Default: 1,000. */
  readonly batchMax?: number
  /** About how many rows to remember between commits. Default: 100,000. */
  readonly cacheRowsMax?: number
  /** How long to keep trying while the storage does not answer, in milliseconds. Default: 10,000. */
  readonly storagePatienceMs?: number
  /** Whether to record expiries in the background. They count either way. Default: true. */
  readonly sweep?: boolean
  /** Whether each command gets a span of its own. Default: true. */
  readonly commandSpans?: boolean
}

/** Progress of a long job: how many events of how many. */
export type Progress = (done: number, of: number) => void

/** What a submitted command may fail with. */
export type CommandFailure = Rejection | InvalidCommand

/** An engine. */
export interface Engine {
  readonly tenant: string
  /** Runs a command. The effect may be interrupted; the command may still take effect then. */
  submit<N extends CommandName>(name: N, input: CommandInput<N>): Effect.Effect<Receipt<N>, CommandFailure>
  availability(
    skus: ReadonlyArray<string>,
    scope: Place
  ): Effect.Effect<ReadonlyArray<Availability>, ReadRefusal | StorageUnavailable | InventoryClosed>
  explain(sku: string, scope: Place): Effect.Effect<Explanation, ReadRefusal | StorageUnavailable | InventoryClosed>
  history(
    sku: string,
    before: number,
    limit: number
  ): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable | InventoryClosed>
  reservationHistory(id: string): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable | InventoryClosed>
  reservation(id: string): Effect.Effect<ReservationRow | undefined, StorageUnavailable | InventoryClosed>
  /** What a command id led to, if it took effect. */
  outcome(commandId: string): Effect.Effect<ReadonlyArray<Event> | undefined, StorageUnavailable | InventoryClosed>
  readonly head: Effect.Effect<Head, StorageUnavailable | InventoryClosed>
  subscribe(options: SubscribeOptions): Stream.Stream<Event, LogGap | StorageUnavailable>
  verify(progress?: Progress): Effect.Effect<Verification, LogGap | StorageUnavailable | InventoryClosed>
  rebuild(
    progress?: Progress
  ): Effect.Effect<
    { readonly position: number; readonly rows: number },
    LogGap | HeadMoved | StorageUnavailable | InventoryClosed
  >
  /** Stops taking commands, answers all that wait, and ends. Closing the scope does the same. */
  readonly close: Effect.Effect<void>
}

/** How often the background sweep looks for claims that are due, in milliseconds. */
const sweepMs = 500

/** How often it asks the journal for claims that others made, in milliseconds. */
const sweepOthersMs = 30_000

/** Opens the log of a tenant. */
export const makeEngine = Effect.fnUntraced(function* (
  journal: Journal,
  options: EngineOptions = {}
): Effect.fn.Return<Engine, StorageUnavailable | WeakGuarantee, Scope.Scope> {
  yield* demandGuarantees(journal)
  const tenant = options.tenant ?? "default"
  const waitingMax = options.waitingMax ?? 10_000
  const patienceMs = options.storagePatienceMs ?? 10_000
  const log = tenant
  yield* journal.head(log)

  const listeners = new Set<() => void>()
  const writer = new Writer(
    journal,
    log,
    {
      waitingMax,
      batchMax: options.batchMax ?? 1_000,
      cacheRowsMax: options.cacheRowsMax ?? 100_000,
      storagePatienceMs: patienceMs
    },
    () => {
      // A woken subscriber may look and wait again before the next is woken: over a copy, or this would never end.
      for (const wake of [...listeners]) wake()
    }
  )
  const patient = patientJournal(journal, patienceMs)
  const reader = new Reader(patient, log, writer.now)
  const context = yield* Effect.context<never>()
  const queue = yield* Queue.dropping<Entry | undefined, Cause.Done>(waitingMax)
  let closed = false
  /** Closed, and everybody is answered: nothing will be appended by this engine any more. */
  let over = false
  // Detached, so that closing the scope cannot interrupt it before everybody is answered.
  const running = yield* Effect.forkDetach(writer.run(queue))
  const close = Effect.suspend(() => {
    closed = true
    return Effect.gen(function* () {
      yield* Queue.end(queue)
      yield* Fiber.await(running)
      over = true
      for (const wake of listeners) wake()
    })
  })
  yield* Effect.addFinalizer(() => close)
  if (options.sweep !== false) yield* Effect.forkScoped(sweeper(writer, queue))

  const enqueue = (name: CommandName, input: unknown, span: Entry["span"]): Effect.Effect<unknown, CommandFailure> =>
    Effect.suspend(() => {
      if (closed) return Effect.fail(new InventoryClosed())
      const decoded = decodeCommand(name, input)
      if (Result.isFailure(decoded)) return Effect.fail(decoded.failure)
      const command = decoded.success
      return Effect.flatMap(Clock.currentTimeMillis, (enqueuedAt) =>
        Effect.callback<unknown, CommandFailure>((resume) => {
          const entry: Entry = {
            name,
            command,
            commandId: command.commandId ?? randomUUID(),
            supplied: command.commandId !== undefined,
            fingerprint: fingerprintOf(command),
            weight: weightOf(command),
            enqueuedAt,
            span,
            settle: resume
          }
          if (!Queue.offerUnsafe(queue, entry)) {
            resume(Exit.fail(closed ? new InventoryClosed() : new Overloaded({ waitingMax })))
          }
          // Here too: while a commit hangs, the writer takes nothing and so would tell nothing.
          queueDepth.updateUnsafe(Queue.sizeUnsafe(queue), context)
        })
      )
    })

  const submit = (name: CommandName, input: unknown): Effect.Effect<unknown, CommandFailure> =>
    options.commandSpans === false
      ? enqueue(name, input, undefined)
      : Effect.useSpan(`holdfast.${name}`, { attributes: { "holdfast.tenant": tenant } }, (span) =>
          enqueue(name, input, span)
        )

  /** A question, as long as somebody may ask. */
  const ask = <A, E>(question: Effect.Effect<A, E>): Effect.Effect<A, E | InventoryClosed> =>
    Effect.suspend(
      (): Effect.Effect<A, E | InventoryClosed> => (closed ? Effect.fail(new InventoryClosed()) : question)
    )

  return {
    tenant,
    submit: submit as Engine["submit"],
    availability: (skus, scope) => ask(reader.availability(skus, scope)),
    explain: (sku, scope) => ask(reader.explain(sku, scope)),
    history: (sku, before, limit) => ask(reader.history(sku, before, limit)),
    reservationHistory: (id) => ask(reader.reservationHistory(id)),
    reservation: (id) => ask(reader.reservation(id)),
    outcome: (commandId) =>
      ask(
        Effect.map(patient.outcomes(log, [commandId]), ({ outcomes }) => outcomes.get(commandId)?.events.map(readEvent))
      ),
    head: ask(patient.head(log)),
    subscribe: (where) =>
      subscribe(
        patient,
        log,
        where,
        (ms) => waitForAppend(listeners, ms),
        () => over
      ),
    verify: (progress = () => {}) => ask(verify(journal, log, progress)),
    rebuild: (progress = () => {}) => ask(Effect.tap(rebuild(journal, log, progress), () => writer.forget)),
    close
  }
})

/** The wiring an engine can work with at all. */
const demandGuarantees = (journal: Journal): Effect.Effect<void, WeakGuarantee> => {
  for (const guarantee of ["linearizable", "atomicAppend"] as const) {
    if (!journal.manifest[guarantee]) {
      return Effect.fail(
        new WeakGuarantee({ adapter: journal.manifest.adapter, guarantee, needed: "true", offered: "false" })
      )
    }
  }
  return Effect.void
}

/** Rows a command may touch, roughly. */
const weightOf = (command: object): number =>
  1 + ((command as { readonly lines?: ReadonlyArray<unknown> }).lines?.length ?? 0)

/** Asks the writer now and then to record what has expired. Only records what is true anyway. */
const sweeper = (writer: Writer, queue: Queue.Enqueue<Entry | undefined, Cause.Done>): Effect.Effect<never> => {
  let sinceOthers = 0
  return Effect.forever(
    Effect.gen(function* () {
      yield* Effect.sleep(sweepMs)
      sinceOthers += sweepMs
      if (sinceOthers >= sweepOthersMs) {
        sinceOthers = 0
        writer.doubtExpiries()
      }
      if (writer.quietUntil <= (yield* writer.now)) Queue.offerUnsafe(queue, undefined)
    })
  )
}

/** Resumes at the next append of this process, or after a while. */
const waitForAppend = (listeners: Set<() => void>, ms: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const appended = yield* Deferred.make<void>()
    const wake = () => {
      Deferred.doneUnsafe(appended, Exit.void)
    }
    listeners.add(wake)
    yield* Deferred.await(appended).pipe(
      Effect.timeoutOption(ms),
      Effect.ensuring(Effect.sync(() => listeners.delete(wake)))
    )
  })
