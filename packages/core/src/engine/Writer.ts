/**
 * The write path. One commit per log is in flight; the next batch grows, and is decided, while it is.
 *
 *     queue ─▶ load ─▶ decide ─▶ commit ─▶ answer
 *                ▲                  │
 *                └── head moved ────┘
 *
 * The head of the log is the lock. A commit that finds the head moved wrote nothing: the batch forgets what it knew,
 * loads and decides again. An engine that keeps meeting another locks the head before it loads, for a while.
 *
 * What is decided while a commit is in flight stands on that commit, and nobody hears of it before the commit is certain:
 * when it fails, what was decided on it is thrown away and decided again.
 *
 * A commit whose acknowledgement is lost leaves its batch **in doubt**: before anything is decided again, the outcomes
 * are looked up by command id. The old statement may still be running then; it and the new one expect the same head, so
 * at most one of them takes effect, and the other is told so.
 */
import { Cause, Clock, Effect, Exit, Fiber, Metric, Tracer } from "effect"
import type { StorageUnavailable } from "../ports/errors.ts"
import type { Head, Journal, LogId } from "../ports/Journal.ts"
import { Attempts, type Checked, type Ready } from "./Attempts.ts"
import { Backlog, type EntryQueue } from "./Backlog.ts"
import { Batch } from "./Batch.ts"
import type { InFlight } from "./load.ts"
import { stopwatch, withPatience } from "./patience.ts"
import { type AttemptFailure, persist } from "./persist.ts"
import { Receipts } from "./Receipts.ts"
import { answer, follow, settleAll } from "./settle.ts"
import * as Telemetry from "./Telemetry.ts"

/** Limits of the write path. */
export interface WriterOptions {
  /** Most commands that may wait. More are refused as `Overloaded`. */
  readonly waitingMax: number
  /** Most commands in a batch. */
  readonly batchMax: number
  /** About how many rows to remember between batches. */
  readonly cacheRowsMax: number
  /** How long to keep trying while the storage does not answer, in milliseconds. */
  readonly storagePatienceMs: number
}

/** How many batches to keep locking the head after meeting another writer. */
const exclusiveBatches = 16

/**
 * From how many waiting commands on the first batch takes only half, so that deciding the other half overlaps with its
 * commit. Measured on 2 cores with the database beside: 512 callers 21,000 commands/s whole, 24,000 in halves; with 64
 * callers the second commit costs what the overlap gains.
 */
const halvesFrom = 128

/** How old the `now` of a batch may be when it takes in more, in milliseconds: expiry has to be exact for late comers too. */
const growMsMax = 20

/** A batch whose commit was sent. */
interface Flight {
  readonly batch: Batch
  readonly checked: Checked
  readonly inFlight: InFlight
  readonly headAfter: Head
  readonly commit: Fiber.Fiber<void, AttemptFailure>
}

/** See the top of the file. */
export class Writer {
  readonly #journal: Journal
  readonly #log: LogId
  readonly #options: WriterOptions
  readonly #attempts: Attempts
  readonly #onAppend: (head: Head) => void
  readonly #receipts = new Receipts()
  #exclusiveLeft = 0
  #forgetAsked = false

  constructor(journal: Journal, log: LogId, options: WriterOptions, onAppend: (head: Head) => void) {
    this.#journal = journal
    this.#log = log
    this.#options = options
    this.#attempts = new Attempts(journal, log, options.cacheRowsMax)
    this.#onAppend = onAppend
  }

  /** The earliest instant at which there may be an expiry to record. */
  get quietUntil(): number {
    return this.#attempts.quietUntil
  }

  /** Forgets what expires when, so that the next batch asks the journal: others may have made claims. */
  doubtExpiries(): void {
    this.#attempts.doubtExpiries()
  }

  /** Forgets all rows as soon as nothing decided stands on them: somebody has written them anew. */
  readonly forget: Effect.Effect<void> = Effect.sync(() => {
    this.#forgetAsked = true
  })

  /** Says whether it was asked to, and did. */
  #forgetIfAsked(): boolean {
    if (!this.#forgetAsked) return false
    this.#forgetAsked = false
    this.#attempts.forget()
    return true
  }

  /** Now, never earlier than it was before, in this process or in the log. Epoch milliseconds. */
  get now(): Effect.Effect<number> {
    return this.#attempts.now
  }

  /** Takes batches from the queue until it ends, and everything is answered. */
  readonly run = Effect.fnUntraced({ self: this }, function* (this: Writer, queue: EntryQueue) {
    const backlog = new Backlog(queue, this.#options.batchMax)
    let flight: Flight | undefined
    for (;;) {
      if (flight === undefined && !(yield* backlog.arrival)) return
      if (flight === undefined) this.#forgetIfAsked()
      this.#attempts.trim()
      const open: Array<Batch> = flight === undefined ? [] : [flight.batch]
      flight = yield* (flight === undefined ? this.#first(backlog, open) : this.#next(backlog, open, flight)).pipe(
        // A defect of the engine itself must not leave callers waiting for ever.
        Effect.catchCause((cause) => Effect.sync(() => this.#abandon(open, cause)))
      )
      yield* Metric.update(Telemetry.queueDepth, backlog.size)
    }
  })

  #abandon(batches: ReadonlyArray<Batch>, cause: Cause.Cause<never>): undefined {
    this.#attempts.forget()
    for (const { entries, followers } of batches) {
      settleAll([...entries, ...followers.map(([entry]) => entry)], Exit.die(Cause.squash(cause)))
    }
    return undefined
  }

  readonly #openBatch = Effect.fnUntraced({ self: this }, function* (this: Writer, before: Batch | undefined) {
    const attributes = { "holdfast.log": this.#log }
    const span = yield* Effect.makeSpan("holdfast.batch", { root: true, attributes })
    const links = before === undefined ? [] : [{ span: before.span, attributes: {} }]
    const waiting = before === undefined ? undefined : yield* Effect.makeSpan("holdfast.wait", { parent: span, links })
    return new Batch({
      span,
      waiting,
      startedAt: yield* stopwatch,
      weigh: this.#attempts.weigh,
      sizeMax: this.#options.batchMax,
      receipts: this.#receipts,
      before
    })
  })

  /** A batch that nothing is in flight before. */
  readonly #first = Effect.fnUntraced({ self: this }, function* (this: Writer, backlog: Backlog, open: Array<Batch>) {
    const batch = yield* this.#openBatch(undefined)
    open.push(batch)
    yield* backlog.fill(batch, backlog.size < halvesFrom ? undefined : Math.ceil(backlog.size / 2))
    return yield* this.#send(batch, undefined)
  })

  /** Waits for a commit to land. A batch that grew meanwhile is sent before the callers of that commit are answered. */
  readonly #next = Effect.fnUntraced(
    { self: this },
    function* (
      this: Writer,
      backlog: Backlog,
      open: Array<Batch>,
      flight: Flight
    ): Effect.fn.Return<Flight | undefined> {
      let batch: Batch | undefined
      let ready: Ready | undefined
      if (yield* this.#arrives(backlog, flight)) {
        batch = yield* this.#openBatch(flight.batch)
        open.push(batch)
        ready = yield* this.#grow(batch, backlog, flight)
      }
      const landed = yield* Fiber.await(flight.commit)
      if (batch !== undefined) batch.waited(yield* Clock.currentTimeNanos)
      if (Exit.isFailure(landed)) {
        yield* this.#untilDone(flight.batch, landed)
        if (batch === undefined) return undefined
        // That may have used up the patience of both; this one has not been tried yet.
        batch.startedAt = yield* stopwatch
        return yield* this.#send(batch, undefined)
      }
      this.#onAppend(flight.headAfter)
      if (this.#forgetIfAsked()) ready = undefined
      if (batch === undefined || ready === undefined) {
        // What still has to be loaded may take its time; these callers need not wait for it.
        yield* this.#conclude(flight.batch, flight.checked)
        open.shift()
        return batch === undefined ? undefined : yield* this.#send(batch, undefined)
      }
      const next = yield* Effect.exit(this.#send(batch, ready))
      yield* this.#conclude(flight.batch, flight.checked)
      open.shift()
      return yield* next
    }
  )

  /** Whether something arrives before a commit lands. */
  readonly #arrives = (backlog: Backlog, flight: Flight): Effect.Effect<boolean> =>
    flight.commit.pollUnsafe() === undefined
      ? Effect.raceFirst(backlog.arrival, Effect.as(Fiber.await(flight.commit), false))
      : Effect.succeed(false)

  /** Takes in and decides what arrives until the commit before it has landed. Nothing when it has to be decided again. */
  readonly #grow = Effect.fnUntraced(
    { self: this },
    function* (this: Writer, batch: Batch, backlog: Backlog, flight: Flight): Effect.fn.Return<Ready | undefined> {
      let ready: Ready | undefined
      do {
        if (ready !== undefined && (yield* this.#isOld(ready))) return ready
        const decided = batch.entries.length
        if (!(yield* backlog.fill(batch))) return ready
        const more = batch.entries.slice(decided)
        if (more.length === 0) continue
        const how = { inDoubt: false, locked: false, inFlight: flight.inFlight }
        const deciding = ready === undefined ? this.#attempts.decide(more, how) : this.#attempts.decideMore(ready, more)
        const exit = yield* Effect.exit(under(batch, this.#patiently(batch, deciding)))
        if (Exit.isFailure(exit)) {
          // It may have been given up on and still be running: it keeps what it was loading to itself.
          this.#forgetAsked = true
          return undefined
        }
        if (exit.value.decided.again) return undefined
        ready = exit.value
      } while (yield* this.#arrives(backlog, flight))
      return ready
    }
  )

  readonly #isOld = Effect.fnUntraced({ self: this }, function* (this: Writer, ready: Ready) {
    const now = yield* this.#attempts.now
    return now - ready.pending.now > growMsMax || now >= this.#attempts.quietUntil
  })

  /** Sends a batch, decided or not. Gives its flight, or nothing when it is over already. */
  readonly #send = Effect.fnUntraced(
    { self: this },
    function* (this: Writer, batch: Batch, decided: Ready | undefined): Effect.fn.Return<Flight | undefined> {
      batch.close()
      if (batch.size > 0) yield* Metric.update(Telemetry.batchSize, batch.size)
      yield* answer(batch.known, this.#receipts)
      if (batch.entries.length === 0 && batch.size > 0) return yield* this.#end(batch)
      if (this.#exclusiveLeft > 0) return yield* this.#untilDone(batch, undefined)
      const alone = { inDoubt: false, locked: false, inFlight: undefined }
      const deciding = decided === undefined ? this.#attempts.decide(batch.entries, alone) : Effect.succeed(decided)
      const exit = yield* Effect.exit(
        under(batch, this.#patiently(batch, Effect.flatMap(deciding, this.#attempts.check)))
      )
      if (Exit.isFailure(exit)) return yield* this.#untilDone(batch, exit)
      if (exit.value.decided.again) return yield* this.#untilDone(batch, undefined)
      const checked = exit.value
      const sending = this.#attempts.commitOf(checked)
      this.#attempts.advance(checked, sending)
      if (sending === undefined) return yield* this.#conclude(batch, checked)
      const { append, inFlight, headAfter } = sending
      const commit = yield* Effect.forkDetach(under(batch, this.#patiently(batch, append)), { startImmediately: true })
      return { batch, checked, inFlight, headAfter, commit }
    }
  )

  /** Answers everybody in a batch. */
  readonly #conclude = Effect.fnUntraced(
    { self: this },
    function* (this: Writer, batch: Batch, checked: Checked): Effect.fn.Return<undefined> {
      const expired = checked.decided.decision.events.filter((event) => event.type === "ReservationExpired").length
      if (expired > 0) yield* Metric.update(Telemetry.expiries, expired)
      yield* answer(this.#attempts.settlements(checked), this.#receipts)
      batch.span.attribute("holdfast.batch.attempts", 1)
      return yield* this.#end(batch)
    }
  )

  /** Answers who follows others, and ends the span. */
  readonly #end = Effect.fnUntraced(
    { self: this },
    function* (this: Writer, batch: Batch): Effect.fn.Return<undefined> {
      const followers = batch.followers.map(([entry, first]) => follow(entry, first))
      yield* answer(followers, this.#receipts)
      batch.span.end(yield* Clock.currentTimeNanos, Exit.void)
      return undefined
    }
  )

  /** Brings a batch to its end with nothing else in flight, from the failure of its first attempt if there was one. */
  readonly #untilDone = Effect.fnUntraced(
    { self: this },
    function* (
      this: Writer,
      batch: Batch,
      failed: Exit.Failure<unknown, AttemptFailure> | undefined
    ): Effect.fn.Return<undefined> {
      const persistence = persist({
        journal: this.#journal,
        log: this.#log,
        attempts: this.#attempts,
        receipts: this.#receipts,
        patienceMs: this.#options.storagePatienceMs,
        onAppend: this.#onAppend,
        isContended: () => {
          const isContended = this.#exclusiveLeft > 0
          if (isContended) this.#exclusiveLeft--
          return isContended
        },
        onConflict: () => {
          this.#exclusiveLeft = exclusiveBatches
        }
      })
      yield* under(batch, persistence(batch.entries, batch.startedAt, batch.span, failed))
      return yield* this.#end(batch)
    }
  )

  /** Gives up on a storage that does not answer. */
  readonly #patiently = <A, E>(batch: Batch, effect: Effect.Effect<A, E>): Effect.Effect<A, E | StorageUnavailable> =>
    withPatience(effect, batch.startedAt, this.#options.storagePatienceMs)
}

/** Runs a part of a batch's work under its span. */
const under = <A, E>(batch: Batch, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.provideService(effect, Tracer.ParentSpan, batch.span)
