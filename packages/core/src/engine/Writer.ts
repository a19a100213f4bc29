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
import { lapseFootprint, footprint, type Refusal, reservations, type ReservationRow, type Row, type Table } from "../domain/index.ts"
import { CommandIdReused, StorageUnavailable } from "../ports/errors.ts"
import { CommandRecorded, type Head, HeadMoved, type Journal, type LogId, type Outcome } from "../ports/Journal.ts"
import { Cache } from "./Cache.ts"
import { BatchDecision } from "./decideBatch.ts"
import { type Entry, receiptOf, type Rejection } from "./Entry.ts"
import { load } from "./load.ts"
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

/** Rows that the commands of one batch may touch, roughly: a bound on the size of one commit. */
const batchWeightMax = 20_000

/** Expired claims that one batch records. */
const expiriesMax = 500

/** How many batches to keep locking the head after meeting another writer. */
const exclusiveBatches = 16

/** Receipts to remember, so that most repeated commands cost no look-up. */
const receiptsMax = 10_000

/** First and longest pause between attempts while the storage does not answer. */
const pauseMsMin = 20
const pauseMsMax = 1_000

type Settlement = { readonly entry: Entry; readonly exit: Exit.Exit<unknown, Rejection>; readonly outcome: string }

/** What an attempt achieved. `adopt` runs when it is certain. */
interface Attempted {
  readonly settlements: ReadonlyArray<Settlement>
  readonly adopt: () => void
  /** There is more to lapse before the entries can be decided. */
  readonly again: boolean
}

/** See the top of the file. */
export class Writer {
  readonly #journal: Journal
  readonly #log: LogId
  readonly #options: WriterOptions
  readonly #cache: Cache
  readonly #onAppend: (head: Head) => void
  readonly #receipts = new Map<string, { readonly fingerprint: string; readonly receipt: unknown; readonly position: number }>()
  #head: Head | undefined
  /** No soft claim expires before this instant, as far as the head we know; 0 when that is not known. */
  #quietUntil = 0
  #latestNow = 0
  #exclusiveLeft = 0

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
    const { unique, followers } = this.#withoutRepetitions(batch)
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
    for (const [entry, first] of followers) this.#follow(entry, first)
  })

  /** Answers repetitions of known commands, and keeps one of each command in the batch. */
  #withoutRepetitions(batch: ReadonlyArray<Entry>) {
    const firsts = new Map<string, Entry>()
    const unique: Array<Entry> = []
    const followers: Array<readonly [Entry, Entry]> = []
    for (const entry of batch) {
      if (!entry.supplied) {
        unique.push(entry)
        continue
      }
      const known = this.#receipts.get(entry.commandId)
      const first = firsts.get(entry.commandId)
      if (known !== undefined) {
        const settlement = repeated(entry, known.fingerprint, known.position, () => known.receipt)
        settleAll([entry], settlement.exit)
      } else if (first !== undefined) followers.push([entry, first])
      else {
        firsts.set(entry.commandId, entry)
        unique.push(entry)
      }
    }
    return { unique, followers }
  }

  /** Gives a repetition within a batch what the first one got; `cut` has kept other bodies out of the batch. */
  #follow(entry: Entry, first: Entry): void {
    const exit = settledExits.get(first)
    settleAll([entry], exit ?? Exit.die(new Error("the first of a repeated command was not answered")))
  }

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
      const attempt = this.#attempt(pending, inDoubt, exclusive)
      const exit = yield* Effect.exit(exclusive ? this.#journal.exclusively(this.#log, attempt) : attempt)
      if (Exit.isSuccess(exit)) {
        const { settlements, adopt, again } = exit.value
        adopt()
        yield* this.#settle(settlements)
        const settled = new Set(settlements.map(({ entry }) => entry))
        pending = settled.size === 0 ? pending : pending.filter((entry) => !settled.has(entry))
        if (!again) break
        continue
      }
      this.#forget()
      const failure = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      const now = yield* Clock.currentTimeMillis
      span.event("holdfast.attempt.failed", BigInt(now) * 1_000_000n, { attempts, reason: failure?._tag ?? "defect" })
      if (failure === undefined) {
        if (pending.length === 1 || Cause.hasInterruptsOnly(exit.cause)) {
          settleAll(pending, Exit.failCause(Cause.die(Cause.squash(exit.cause))))
          return
        }
        // One poisonous command must not take its neighbours down: each gets a batch of its own.
        for (const entry of pending) yield* this.#untilDone([entry], span)
        return
      }
      if (failure._tag === "HeadMoved") {
        this.#exclusiveLeft = exclusiveBatches
        yield* Metric.update(Telemetry.conflicts, 1)
        continue
      }
      if (failure._tag === "CommandRecorded") {
        inDoubt = true
        continue
      }
      yield* Metric.update(Telemetry.storageFailures, 1)
      inDoubt ||= failure.outcome === "unknown"
      if (!failure.retryable || now - startedAt >= this.#options.storagePatienceMs) {
        const outcome = inDoubt ? "unknown" : failure.outcome
        for (const entry of pending) {
          const { retryable, reason, cause } = failure
          settleAll([entry], Exit.fail(new StorageUnavailable({ outcome, retryable, reason, cause, commandId: entry.commandId })))
        }
        yield* Metric.update(Metric.withAttributes(Telemetry.commands, { outcome: "failed" }), pending.length)
        return
      }
      yield* Effect.sleep(pauseMs)
      pauseMs = Math.min(pauseMsMax, pauseMs * 2)
    }
    span.attribute("holdfast.batch.attempts", attempts)
  })

  /** Load, decide, commit: once. Changes nothing of the writer but the cache, which only ever holds what is true. */
  readonly #attempt = Effect.fnUntraced({ self: this }, function* (
    this: Writer,
    pending: ReadonlyArray<Entry>,
    inDoubt: boolean,
    exclusive: boolean
  ): Effect.fn.Return<Attempted, HeadMoved | CommandRecorded | StorageUnavailable> {
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
    this.#latestNow = Math.max(this.#latestNow, head.recordedAt)
    const now = yield* this.now

    const cache = this.#cache
    const unquiet = this.#quietUntil <= now
    const shared = { journal: this.#journal, log: this.#log, cache, head }
    const expiring = yield* load({
      ...shared,
      expiring: unquiet ? expiriesMax : 0,
      footprints: (needs) => {
        for (const entry of entries) footprint(entry.command, needs)
      }
    }).pipe(Effect.withSpan("holdfast.load"))
    const due = expiring.filter((claim) => claim.expiresAt <= now).map((claim) => claim.id)
    if (due.length > 0) {
      yield* load({
        ...shared,
        footprints: (needs) => {
          for (const id of due) lapseFootprint(id, needs)
        }
      }).pipe(Effect.withSpan("holdfast.load.expired"))
    }
    const again = due.length === expiriesMax && entries.length > 0
    const decision = new BatchDecision(cache, head, now)
    const decided = again ? [] : entries
    yield* Effect.gen(function* () {
      for (const id of due) decision.lapse(id)
      let index = decision.decideFrom(decided, 0)
      while (index < decided.length) {
        // What comes next depends on what this very batch has changed.
        const from = index
        yield* load({
          ...shared,
          draft: decision.draft,
          footprints: (needs) => {
            for (let i = from; i < decided.length; i++) footprint((decided[i] as Entry).command, needs)
          }
        })
        index = decision.decideFrom(decided, index)
        if (index === from) yield* Effect.die(new Error(`the footprint of ${decided[index]?.name} is incomplete`))
      }
    }).pipe(Effect.withSpan("holdfast.decide"))

    const doubtful = decision.verdicts.filter((verdict) => verdict._tag === "Refused" && verdict.entry.supplied)
    const committed = decision.events.length > 0
    let known: ReadonlyMap<string, Outcome> = new Map()
    if (committed) {
      yield* this.#commit(head, decision)
    }
    const refusedAny = decision.verdicts.some((verdict) => verdict._tag === "Refused")
    if (doubtful.length > 0 || (refusedAny && !committed)) {
      // A refusal counts only if nobody has written meanwhile, and never for a command that took effect before.
      const found = yield* this.#journal.outcomes(this.#log, doubtful.map(({ entry }) => entry.commandId))
      if (!committed && found.head.position !== head.position) {
        return yield* new HeadMoved({ expected: head.position, actual: found.head.position })
      }
      known = found.outcomes
    }
    for (const verdict of decision.verdicts) settlements.push(settlementOf(verdict, known))

    const quietUntil = !unquiet
      ? this.#quietUntil
      : due.length === expiriesMax
        ? 0
        : (expiring.find((claim) => claim.expiresAt > now)?.expiresAt ?? Number.POSITIVE_INFINITY)
    const newHead = committed ? { position: head.position + decision.events.length, recordedAt: now } : head
    return {
      settlements,
      again,
      adopt: () => {
        this.#cache.absorb(decision.draft)
        this.#head = newHead
        this.#quietUntil = Math.min(quietUntil, earliestExpiry(decision))
        if (committed) this.#onAppend(newHead)
      }
    }
  })

  readonly #commit = Effect.fnUntraced({ self: this }, function* (this: Writer, head: Head, decision: BatchDecision) {
    const startedAt = yield* Clock.currentTimeNanos
    const rows = [...decision.draft.changed].map(([table, changed]) => ({
      table: table as unknown as Table<Row>,
      rows: [...changed.values()]
    }))
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
        if (entry.supplied) this.#remember(entry, exit.value)
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

  #remember(entry: Entry, receipt: unknown): void {
    if (this.#receipts.size >= receiptsMax) {
      const oldest = this.#receipts.keys().next().value
      if (oldest !== undefined) this.#receipts.delete(oldest)
    }
    const position = (receipt as { readonly position: number }).position
    this.#receipts.set(entry.commandId, { fingerprint: entry.fingerprint, receipt, position })
  }
}

/** Answers of entries that others may follow. */
const settledExits = new WeakMap<Entry, Exit.Exit<unknown, Rejection>>()

const settleAll = (entries: ReadonlyArray<Entry>, exit: Exit.Exit<unknown, Rejection>): void => {
  for (const entry of entries) {
    if (entry.supplied) settledExits.set(entry, exit)
    entry.settle(exit)
  }
}

/** Cuts a batch off: not too heavy, and without two bodies under one command id, which have to be judged in turn. */
const cut = (waiting: ReadonlyArray<Entry>): { batch: ReadonlyArray<Entry>; rest: ReadonlyArray<Entry> } => {
  const fingerprints = new Map<string, string>()
  let weight = 0
  let size = 0
  for (const entry of waiting) {
    weight += entry.weight
    const same = entry.supplied ? fingerprints.get(entry.commandId) : undefined
    if (size > 0 && (weight > batchWeightMax || (same !== undefined && same !== entry.fingerprint))) break
    if (entry.supplied) fingerprints.set(entry.commandId, entry.fingerprint)
    size++
  }
  return size === waiting.length ? { batch: waiting, rest: [] } : { batch: waiting.slice(0, size), rest: waiting.slice(size) }
}

const repeated = (entry: Entry, fingerprint: string, position: number, receipt: () => unknown): Settlement => ({
  entry,
  outcome: "repeated",
  exit:
    fingerprint === entry.fingerprint
      ? Exit.succeed(receipt())
      : Exit.fail(new CommandIdReused({ commandId: entry.commandId, position }))
})

const fromOutcome = (entry: Entry, outcome: Outcome): Settlement =>
  repeated(entry, outcome.fingerprint, outcome.events.at(-1)?.position ?? 0, () =>
    receiptOf(entry.name, entry.commandId, outcome.events)
  )

const settlementOf = (verdict: BatchDecision["verdicts"][number], known: ReadonlyMap<string, Outcome>): Settlement => {
  const { entry } = verdict
  switch (verdict._tag) {
    case "Accepted":
      return { entry, outcome: "accepted", exit: Exit.succeed(receiptOf(entry.name, entry.commandId, verdict.events)) }
    case "Broken":
      return { entry, outcome: "failed", exit: Exit.die(verdict.defect) }
    case "Refused": {
      const outcome = known.get(entry.commandId)
      return outcome !== undefined
        ? fromOutcome(entry, outcome)
        : { entry, outcome: "refused", exit: Exit.fail<Refusal>(verdict.refusal) }
    }
  }
}

/** When the first of the soft claims that a batch made or moved expires. */
const earliestExpiry = (decision: BatchDecision): number => {
  let earliest = Number.POSITIVE_INFINITY
  for (const row of decision.draft.changed.get(reservations as unknown as Table<never>)?.values() ?? []) {
    const { status, expiresAt } = row as unknown as ReservationRow
    if (status === "active") earliest = Math.min(earliest, expiresAt)
  }
  return earliest
}
