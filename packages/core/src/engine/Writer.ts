/**
 * The write path. One batch per log is in flight; the next grows while it waits.
 *
 *     queue ─▶ load ─▶ decide ─▶ commit ─▶ answer
 *                ▲                  │
 *                └── head moved ────┘
 *
 * The head of the log is the lock. A commit that finds the head moved wrote nothing: the batch forgets what it knew,
 * loads and decides again. An engine that keeps meeting another locks the head before it loads, for a while.
 *
 * A commit whose acknowledgement is lost leaves the batch **in doubt**: before anything is decided again, the outcomes
 * are looked up by command id. The old statement may still be running then; it and the new one expect the same head, so
 * at most one of them takes effect, and the other is told so.
 */
import { Cause, Clock, Effect, Exit, Metric, Option, Queue, Tracer } from "effect"
import { type ReservationRow, reservations, type Row, type Table } from "../domain/index.ts"
import { StorageUnavailable } from "../ports/errors.ts"
import { type CommandRecorded, type Head, HeadMoved, type Journal, type LogId, type Outcome, type RowExists } from "../ports/Journal.ts"
import { Cache } from "./Cache.ts"
import type { BatchDecision } from "./decideBatch.ts"
import { decidePending } from "./decidePending.ts"
import type { Entry } from "./Entry.ts"
import { cut, withoutRepetitions } from "./batch.ts"
import { Receipts } from "./Receipts.ts"
import { follow, fromOutcome, type Settlement, settleAll, settlementOf, undecided } from "./settle.ts"
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

/** Attempts at one batch: far more than other writers can cause once the head is locked, so a journal is broken that takes more. */
const attemptsMax = 200

/** How many batches to keep locking the head after meeting another writer. */
const exclusiveBatches = 16

/** How many batches to look for ids of the callers' choice after one was not new. */
const distrustfulBatches = 16

/** Lost commands to remember; when there are more, every refusal waits for the head to move. */
const straysMax = 10_000

/** First and longest pause between attempts while the storage does not answer. */
const pauseMsMin = 20
const pauseMsMax = 1_000

/** What an attempt achieved. `adopt` runs when it is certain. */
interface Attempted {
  readonly settlements: ReadonlyArray<Settlement>
  readonly adopt: () => void
  /** There is more to lapse before the entries can be decided. */
  readonly again: boolean
  /** Reservations whose expiry it recorded. */
  readonly expired: number
}

/** See the top of the file. */
export class Writer {
  readonly #journal: Journal
  readonly #log: LogId
  readonly #options: WriterOptions
  readonly #cache: Cache
  readonly #onAppend: (head: Head) => void
  readonly #receipts = new Receipts()
  #head: Head | undefined
  /** No soft claim expires before this instant, as far as the head we know; 0 when that is not known. */
  #quietUntil = 0
  #latestNow = 0
  #exclusiveLeft = 0
  #distrustLeft = 0
  /** Commands of commits that may still be on their way. They take effect if the head stays where it is, else never. */
  readonly #strays = new Set<string>()
  /** The highest head that such a commit expects. */
  #strayAt = 0

  constructor(journal: Journal, log: LogId, options: WriterOptions, onAppend: (head: Head) => void) {
    this.#journal = journal
    this.#log = log
    this.#options = options
    this.#cache = new Cache(options.cacheRowsMax)
    this.#onAppend = onAppend
  }

  /** The earliest instant at which there may be an expiry to record. */
  get quietUntil(): number {
    return this.#quietUntil
  }

  /** Forgets what expires when, so that the next batch asks the journal: others may have made claims. */
  doubtExpiries(): void {
    this.#quietUntil = 0
  }

  /** Forgets all rows: somebody has written them anew. */
  readonly forget: Effect.Effect<void> = Effect.sync(() => this.#forget())

  /** Now, never earlier than it was before, in this process or in the log. Epoch milliseconds. */
  readonly now: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, (millis) => {
    this.#latestNow = Math.max(this.#latestNow, millis, this.#head?.recordedAt ?? 0)
    return this.#latestNow
  })

  /** Takes batches from the queue until it ends. An entry that is `undefined` only asks for expiries to be recorded. */
  readonly run = (queue: Queue.Dequeue<Entry | undefined, Cause.Done>): Effect.Effect<void> => {
    const step = Effect.flatMap(Queue.takeBetween(queue, 1, this.#options.batchMax), (taken) => {
      const entries = taken.filter((entry) => entry !== undefined)
      const measured = Effect.andThen(
        Metric.update(Telemetry.queueDepth, Queue.sizeUnsafe(queue)),
        entries.length === 0 ? Effect.void : Metric.update(Telemetry.batchSize, entries.length)
      )
      return Effect.andThen(measured, this.#processAll(entries))
    })
    return Effect.catch(Effect.forever(step), () => Effect.void)
  }

  readonly #processAll = Effect.fnUntraced({ self: this }, function* (this: Writer, taken: ReadonlyArray<Entry>) {
    let waiting = taken
    do {
      const { batch, rest } = cut(waiting)
      yield* this.#process(batch).pipe(
        // A defect of the engine itself must not leave callers waiting for ever.
        Effect.catchCause((cause) => Effect.sync(() => settleAll(batch, Exit.failCause(Cause.die(Cause.squash(cause))))))
      )
      waiting = rest
      this.#cache.trim()
    } while (waiting.length > 0)
  })

  readonly #process = Effect.fnUntraced({ self: this }, function* (this: Writer, batch: ReadonlyArray<Entry>) {
    const { unique, followers, known } = withoutRepetitions(batch, this.#receipts)
    if (known.length > 0) yield* this.#settle(known)
    if (unique.length === 0 && batch.length > 0) return
    yield* Effect.useSpan(
      "holdfast.batch",
      {
        root: true,
        attributes: { "holdfast.log": this.#log, "holdfast.batch.size": batch.length },
        links: unique.flatMap((entry) => (entry.span === undefined ? [] : [{ span: entry.span, attributes: {} }]))
      },
      (span) => {
        for (const entry of unique) entry.span?.addLinks([{ span, attributes: { "holdfast.link": "batch" } }])
        return Effect.provideService(this.#untilDone(unique, span), Tracer.ParentSpan, span)
      }
    )
    if (followers.length > 0) yield* this.#settle(followers.map(([entry, first]) => follow(entry, first)))
  })

  /** Attempts until every entry is answered. */
  readonly #untilDone = Effect.fnUntraced({ self: this }, function* (
    this: Writer,
    entries: ReadonlyArray<Entry>,
    span: Tracer.Span
  ): Effect.fn.Return<void> {
    const startedAt = yield* Clock.currentTimeMillis
    let pending = entries
    let inDoubt = false
    let pauseMs = pauseMsMin
    let attempts = 0
    for (;;) {
      attempts++
      const exclusive = this.#exclusiveLeft > 0
      if (exclusive) this.#exclusiveLeft--
      if (this.#distrustLeft > 0) this.#distrustLeft--
      const attempt = this.#attempt(pending, inDoubt, exclusive)
      const patienceMs = Math.max(1, startedAt + this.#options.storagePatienceMs - (yield* Clock.currentTimeMillis))
      const exit = yield* (exclusive ? this.#journal.exclusively(this.#log, attempt) : attempt).pipe(
        Effect.timeoutOrElse({ duration: patienceMs, orElse: () => Effect.fail(silence(this.#options.storagePatienceMs)) }),
        Effect.exit
      )
      if (Exit.isSuccess(exit)) {
        const { settlements, adopt, again, expired } = exit.value
        adopt()
        if (expired > 0) yield* Metric.update(Telemetry.expiries, expired)
        yield* this.#settle(settlements)
        const settled = new Set(settlements.map(({ entry }) => entry))
        pending = settled.size === 0 ? pending : pending.filter((entry) => !settled.has(entry))
        if (!again) break
        continue
      }
      const failure = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      const now = yield* Clock.currentTimeMillis
      span.event("holdfast.attempt.failed", BigInt(now) * 1_000_000n, { attempts, reason: failure?._tag ?? "defect" })
      if (failure === undefined) {
        this.#forget()
        if (pending.length === 1 || Cause.hasInterruptsOnly(exit.cause)) {
          settleAll(pending, Exit.failCause(Cause.die(Cause.squash(exit.cause))))
          return
        }
        // One poisonous command must not take its neighbours down: each gets a batch of its own.
        for (const entry of pending) yield* this.#untilDone([entry], span)
        return
      }
      if (failure._tag !== "StorageUnavailable") {
        inDoubt ||= failure._tag === "CommandRecorded"
        this.#outrun(failure)
        if (failure._tag === "HeadMoved") yield* Metric.update(Telemetry.conflicts, 1)
        if (attempts < attemptsMax) continue
        yield* this.#giveUp(pending, endless(failure), inDoubt)
        return
      }
      this.#forget()
      yield* Metric.update(Telemetry.storageFailures, 1)
      if (failure.outcome === "unknown") {
        inDoubt = true
        this.#lost(pending)
      }
      if (!failure.retryable || now - startedAt >= this.#options.storagePatienceMs) {
        yield* this.#giveUp(pending, failure, inDoubt)
        return
      }
      yield* Effect.sleep(pauseMs)
      pauseMs = Math.min(pauseMsMax, pauseMs * 2)
    }
    span.attribute("holdfast.batch.attempts", attempts)
  })

  /** What a commit learned by failing: somebody wrote, or something that nobody had looked at was there. */
  #outrun(failure: HeadMoved | CommandRecorded | RowExists): void {
    if (failure._tag === "RowExists") {
      // The head stands where it stood, so all that was looked at is still true.
      this.#cache.forgetAssumed()
      this.#distrustLeft = distrustfulBatches
      return
    }
    this.#forget()
    if (failure._tag === "HeadMoved") this.#exclusiveLeft = exclusiveBatches
  }

  /** Remembers commands whose commit was sent, and may arrive at any time until the head has moved. */
  #lost(entries: ReadonlyArray<Entry>): void {
    for (const { commandId } of entries) if (this.#strays.size < straysMax) this.#strays.add(commandId)
  }

  /** Whether a command may still take effect by an earlier commit, so that refusing it would be a lie. */
  #isStray({ commandId }: Entry): boolean {
    return this.#strays.has(commandId) || this.#strays.size >= straysMax
  }

  /** Answers those whose commands could not be settled. */
  readonly #giveUp = (pending: ReadonlyArray<Entry>, failure: StorageUnavailable, inDoubt: boolean): Effect.Effect<void> => {
    const { retryable, reason, cause } = failure
    const outcome = inDoubt ? "unknown" : failure.outcome
    for (const entry of pending) {
      settleAll([entry], Exit.fail(new StorageUnavailable({ outcome, retryable, reason, cause, commandId: entry.commandId })))
    }
    return Metric.update(Metric.withAttributes(Telemetry.commands, { outcome: "failed" }), pending.length)
  }

  /** Load, decide, commit: once. Changes nothing of the writer but the cache, which only ever holds what is true. */
  readonly #attempt = Effect.fnUntraced({ self: this }, function* (
    this: Writer,
    pending: ReadonlyArray<Entry>,
    inDoubt: boolean,
    exclusive: boolean
  ): Effect.fn.Return<Attempted, HeadMoved | CommandRecorded | RowExists | StorageUnavailable> {
    let entries = pending
    const settlements: Array<Settlement> = []
    let head = this.#head
    if (inDoubt) {
      const known = yield* this.#journal.outcomes(this.#log, entries.map((entry) => entry.commandId))
      head = this.#atHead(known.head)
      for (const entry of entries) {
        const outcome = known.outcomes.get(entry.commandId)
        if (outcome !== undefined) settlements.push(fromOutcome(entry, outcome))
      }
      const settled = new Set(settlements.map(({ entry }) => entry))
      entries = entries.filter((entry) => !settled.has(entry))
    } else if (head === undefined || exclusive) {
      head = this.#atHead(yield* this.#journal.head(this.#log))
    }
    if (head.position > this.#strayAt) this.#strays.clear()
    this.#latestNow = Math.max(this.#latestNow, head.recordedAt)
    const now = yield* this.now
    const { decision, again, nextExpiry } = yield* decidePending({
      journal: this.#journal,
      log: this.#log,
      cache: this.#cache,
      head,
      now,
      entries,
      unquiet: this.#quietUntil <= now,
      trust: this.#distrustLeft === 0
    })

    const committed = decision.events.length > 0
    // Before the commit, which has to be the last step: a look-up that fails after it would make it look undone.
    const known = yield* this.#recheckRefusals(head, decision, committed)
    if (committed) yield* this.#commit(head, decision)
    for (const verdict of decision.verdicts) {
      const isUndecided = verdict._tag === "Refused" && !committed && !known.has(verdict.entry.commandId) && this.#isStray(verdict.entry)
      settlements.push(isUndecided ? undecided(verdict.entry) : settlementOf(verdict, known))
    }

    const newHead = committed ? { position: head.position + decision.events.length, recordedAt: now } : head
    return {
      settlements,
      again,
      expired: decision.events.filter((event) => event.type === "ReservationExpired").length,
      adopt: () => {
        this.#cache.absorb(decision.draft)
        this.#cache.forgetAssumed()
        this.#head = newHead
        this.#quietUntil = Math.min(nextExpiry ?? this.#quietUntil, earliestExpiry(decision))
        if (committed) this.#onAppend(newHead)
      }
    }
  })

  /** A refusal counts only if nobody has written meanwhile, and never for a command that took effect before. */
  readonly #recheckRefusals = Effect.fnUntraced({ self: this }, function* (
    this: Writer,
    head: Head,
    decision: BatchDecision,
    committed: boolean
  ): Effect.fn.Return<ReadonlyMap<string, Outcome>, HeadMoved | StorageUnavailable> {
    const refused = decision.verdicts.filter((verdict) => verdict._tag === "Refused")
    const supplied = refused.filter(({ entry }) => entry.supplied)
    if (refused.length === 0 || (committed && supplied.length === 0)) return new Map()
    const found = yield* this.#journal.outcomes(this.#log, supplied.map(({ entry }) => entry.commandId))
    if (found.head.position !== head.position) {
      return yield* new HeadMoved({ expected: head.position, actual: found.head.position })
    }
    return found.outcomes
  })

  readonly #commit = Effect.fnUntraced({ self: this }, function* (this: Writer, head: Head, decision: BatchDecision) {
    const startedAt = yield* Clock.currentTimeNanos
    this.#strayAt = Math.max(this.#strayAt, head.position)
    const rows = [...decision.draft.changed].map(([token, changed]) => {
      const table = token as unknown as Table<Row>
      const rows: Array<Row> = []
      const added: Array<Row> = []
      for (const [key, row] of changed) (this.#cache.isAssumed(table, key) ? added : rows).push(row)
      return { table, rows, added }
    })
    yield* this.#journal
      .append(this.#log, { expected: head.position, recordedAt: decision.now, events: decision.events, rows })
      .pipe(Effect.withSpan("holdfast.commit", { attributes: { "holdfast.events": decision.events.length } }))
    const finishedAt = yield* Clock.currentTimeNanos
    yield* Metric.update(Telemetry.commitMs, Number(finishedAt - startedAt) / 1e6)
  })

  /** The head as the journal says it. What was remembered of another one is forgotten. */
  #atHead(head: Head): Head {
    if (this.#head?.position !== head.position) {
      this.#cache.clear()
      this.#quietUntil = 0
      this.#head = head
    }
    return head
  }

  #forget(): void {
    this.#cache.clear()
    this.#head = undefined
    this.#quietUntil = 0
  }

  readonly #settle = Effect.fnUntraced({ self: this }, function* (this: Writer, settlements: ReadonlyArray<Settlement>) {
    const counts = new Map<string, number>()
    const refused = new Map<string, number>()
    const settledAt = yield* Clock.currentTimeMillis
    for (const { entry, exit, outcome } of settlements) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      if (Exit.isSuccess(exit)) {
        const receipt = exit.value as { readonly position: number }
        const { fingerprint } = entry
        if (entry.supplied) this.#receipts.add(entry.commandId, { fingerprint, receipt, position: receipt.position })
      } else {
        const tag = Option.getOrUndefined(Cause.findErrorOption(exit.cause))?._tag ?? "Defect"
        refused.set(tag, (refused.get(tag) ?? 0) + 1)
      }
      entry.span?.attribute("holdfast.waited_ms", settledAt - entry.enqueuedAt)
      settleAll([entry], exit)
    }
    for (const [outcome, count] of counts) yield* Metric.update(Metric.withAttributes(Telemetry.commands, { outcome }), count)
    for (const [refusal, count] of refused) yield* Metric.update(Metric.withAttributes(Telemetry.refusals, { refusal }), count)
  })
}

/** A storage that neither does what it was asked nor fails. It may still do it. */
const silence = (patienceMs: number): StorageUnavailable =>
  new StorageUnavailable({ outcome: "unknown", retryable: true, reason: `the storage did not answer within ${patienceMs} ms` })

const endless = (cause: HeadMoved | CommandRecorded | RowExists): StorageUnavailable =>
  new StorageUnavailable({
    outcome: "not-applied",
    retryable: true,
    reason: `the journal refused ${attemptsMax} attempts in a row: ${cause.message}`,
    cause
  })

/** When the first of the soft claims that a batch made or moved expires. */
const earliestExpiry = (decision: BatchDecision): number => {
  let earliest = Number.POSITIVE_INFINITY
  for (const row of decision.draft.changed.get(reservations as unknown as Table<never>)?.values() ?? []) {
    const { status, expiresAt } = row as unknown as ReservationRow
    if (status === "active") earliest = Math.min(earliest, expiresAt)
  }
  return earliest
}
