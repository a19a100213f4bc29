/**
 * One try at moving a log on: load, decide, commit. Holds what an engine believes of its log between tries.
 *
 * While a commit is on its way, all of this may be true **behind** it: the head, the rows, the next expiry. So the next
 * batch can be decided meanwhile. When such a commit fails, everything has to be forgotten.
 *
 * When others have written, it reads their events and evolves its rows over them, so that several processes that sell
 * the same goods need not load them again and again.
 */
import { Clock, Effect, Metric } from "effect"
import {
  decodeEvent,
  Draft,
  type Event,
  eventDefinition,
  evolveInto,
  RowsRebuilt,
  reservations,
  type Row,
  type Table
} from "../domain/index.ts"
import type { StorageUnavailable } from "../ports/errors.ts"
import {
  type Append,
  type CommandRecorded,
  type Head,
  HeadMoved,
  type Journal,
  type LogId,
  type Outcome,
  type RowExists
} from "../ports/Journal.ts"
import { Cache, NotLoaded } from "./Cache.ts"
import { type Decided, decideMore, decidePending, earliestExpiry, type Pending } from "./decidePending.ts"
import type { Entry } from "./Entry.ts"
import type { InFlight } from "./load.ts"
import { fromOutcome, type Settlement, settlementOf, undecided } from "./settle.ts"
import * as Telemetry from "./Telemetry.ts"

/** How many batches to look for ids of the callers' choice after one was not new. */
const distrustfulBatches = 16

/** Lost commands to remember; when there are more, every refusal waits for the head to move. */
const straysMax = 10_000

/** Events of others to follow; after more than that, loading anew is cheaper. */
const followMax = 2_000

type Current = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** A batch that was decided, and can be sent. */
export interface Ready {
  readonly pending: Pending
  readonly decided: Decided
  /** Answers that were found by looking, to commands of a commit that was in doubt. */
  readonly found: ReadonlyArray<Settlement>
}

/** A decided batch whose refusals are certain. */
export interface Checked extends Ready {
  /** What the refused commands led to before. */
  readonly known: ReadonlyMap<string, Outcome>
}

/** A commit, with what will be true behind it. */
export interface Sending {
  readonly append: Effect.Effect<void, HeadMoved | CommandRecorded | RowExists | StorageUnavailable>
  readonly inFlight: InFlight
  readonly headAfter: Head
}

/** See the top of the file. */
export class Attempts {
  readonly #journal: Journal
  readonly #log: LogId
  readonly #cacheRowsMax: number
  #cache: Cache
  #head: Head | undefined
  /** No soft claim expires before this instant, as far as the head we know; 0 when that is not known. */
  #quietUntil = 0
  #latestNow = 0
  #distrustLeft = 0
  /** Whether others have written since `#head`. */
  #isBehind = false
  /** How often everything was forgotten. A try that was begun before must not say any more where the log stands. */
  #epoch = 0
  /** Commands of commits that may still be on their way. They take effect if the head stays where it is, else never. */
  readonly #strays = new Set<string>()
  /** The highest head that such a commit expects. */
  #strayAt = 0

  constructor(journal: Journal, log: LogId, cacheRowsMax: number) {
    this.#journal = journal
    this.#log = log
    this.#cacheRowsMax = cacheRowsMax
    this.#cache = new Cache(cacheRowsMax)
  }

  /** The earliest instant at which there may be an expiry to record. */
  get quietUntil(): number {
    return this.#quietUntil
  }

  /** Now, never earlier than it was before, in this process or in the log. Epoch milliseconds. */
  readonly now: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, (millis) => {
    this.#latestNow = Math.max(this.#latestNow, millis, this.#head?.recordedAt ?? 0)
    return this.#latestNow
  })

  /** Forgets what expires when, so that the next batch asks the journal: others may have made claims. */
  doubtExpiries(): void {
    this.#quietUntil = 0
  }

  /** Forgets all rows: they may not be true any more. */
  forget(): void {
    this.#epoch++
    this.#forgetRows()
    this.#head = undefined
    this.#isBehind = false
  }

  /** A try that was given up on may still be running, and keeps the old rows to itself. */
  #forgetRows(): void {
    this.#cache = new Cache(this.#cacheRowsMax)
    this.#quietUntil = 0
  }

  /** What a try learned that changed nothing here: others have written, or an id of a caller's choice was not new. */
  learn(failure: "HeadMoved" | "CommandRecorded" | "RowExists"): void {
    this.#cache.forgetAssumed()
    if (failure === "HeadMoved") this.#isBehind = true
    if (failure === "RowExists") this.#distrustLeft = distrustfulBatches
  }

  /** About how many rows a command touches, as far as it is known. */
  readonly weigh = (entry: Entry): number => {
    const { reservation } = entry.command as { readonly reservation?: unknown }
    const row = typeof reservation === "string" ? this.#cache.peek(reservations, reservation) : undefined
    return entry.weight + (row?.lines.length ?? 0)
  }

  /** Forgets rows that have not been used for long, between batches. */
  trim(): void {
    this.#cache.trim()
  }

  /** Remembers commands whose commit was sent, and may arrive at any time until the head has moved. */
  lost(entries: ReadonlyArray<Entry>): void {
    for (const { commandId } of entries) if (this.#strays.size < straysMax) this.#strays.add(commandId)
  }

  /** Loads and decides, after the outcomes of commands that are in doubt are found. */
  readonly decide = Effect.fnUntraced(
    { self: this },
    function* (
      this: Attempts,
      all: ReadonlyArray<Entry>,
      how: { readonly inDoubt: boolean; readonly locked: boolean; readonly inFlight: InFlight | undefined }
    ): Effect.fn.Return<Ready, HeadMoved | StorageUnavailable> {
      const current = this.#current()
      let entries = all
      const found: Array<Settlement> = []
      let head = this.#head
      if (how.inDoubt) {
        const ids = entries.map((entry) => entry.commandId)
        const known = yield* current(this.#journal.outcomes(this.#log, ids))
        head = yield* this.#follow(known.head, current)
        for (const entry of entries) {
          const outcome = known.outcomes.get(entry.commandId)
          if (outcome !== undefined) found.push(fromOutcome(entry, outcome))
        }
        const settled = new Set(found.map(({ entry }) => entry))
        entries = entries.filter((entry) => !settled.has(entry))
      } else if (head === undefined || how.locked || this.#isBehind) {
        head = yield* this.#follow(yield* current(this.#journal.head(this.#log)), current)
      }
      if (head.position > this.#strayAt) this.#strays.clear()
      this.#latestNow = Math.max(this.#latestNow, head.recordedAt)
      const now = yield* this.now
      if (this.#distrustLeft > 0) this.#distrustLeft--
      const pending: Pending = {
        journal: this.#journal,
        log: this.#log,
        cache: this.#cache,
        head,
        now,
        entries,
        inFlight: how.inFlight,
        unquiet: this.#quietUntil <= now,
        trust: this.#distrustLeft === 0
      }
      return { pending, decided: yield* decidePending(pending), found }
    }
  )

  /** Decides more entries on top of a decided batch. */
  readonly decideMore = Effect.fnUntraced(
    { self: this },
    function* (
      this: Attempts,
      ready: Ready,
      more: ReadonlyArray<Entry>
    ): Effect.fn.Return<Ready, HeadMoved | StorageUnavailable> {
      const { entries } = ready.pending
      const pending = { ...ready.pending, entries: [...entries, ...more] }
      return { ...ready, pending, decided: yield* decideMore(pending, ready.decided, entries.length) }
    }
  )

  /**
   * A refusal counts only if nobody has written meanwhile, and never for a command that took effect before. Comes before
   * the commit, which has to be the last step: a look-up that fails after it would make it look undone.
   */
  readonly check = Effect.fnUntraced({ self: this }, function* (this: Attempts, ready: Ready): Effect.fn.Return<
    Checked,
    HeadMoved | StorageUnavailable
  > {
    const { decision } = ready.decided
    const { head } = ready.pending
    const refused = decision.verdicts.filter((verdict) => verdict._tag === "Refused")
    const supplied = refused.filter(({ entry }) => entry.supplied)
    if (refused.length === 0 || (decision.events.length > 0 && supplied.length === 0))
      return { ...ready, known: new Map() }
    const ids = supplied.map(({ entry }) => entry.commandId)
    const found = yield* this.#journal.outcomes(this.#log, ids)
    if (found.head.position !== head.position) {
      return yield* new HeadMoved({ expected: head.position, actual: found.head.position })
    }
    return { ...ready, known: found.outcomes }
  })

  /** The commit that makes a decided batch true; nothing when there is none to make. */
  commitOf(checked: Checked): Sending | undefined {
    const { decision } = checked.decided
    const { head } = checked.pending
    if (decision.events.length === 0) return undefined
    const append: Append = {
      expected: head.position,
      recordedAt: decision.now,
      events: decision.events,
      rows: [...decision.draft.changed].map(([table, rows]) =>
        split(checked.pending.cache, table as unknown as Table<Row>, rows)
      )
    }
    const headAfter = { position: head.position + decision.events.length, recordedAt: decision.now }
    return { append: this.#commit(append), inFlight: { base: head, draft: decision.draft }, headAfter }
  }

  /** Believes what a decided batch changes. */
  advance({ decided, pending }: Checked, sending: Sending | undefined): void {
    this.#quietUntil = Math.min(decided.nextExpiry ?? this.#quietUntil, earliestExpiry(decided.decision.draft))
    this.#cache.absorb(decided.decision.draft)
    this.#cache.forgetAssumed()
    this.#head = sending?.headAfter ?? pending.head
  }

  /** What the callers of a batch are told, once its commit is certain. */
  settlements({ decided, known, found }: Checked): ReadonlyArray<Settlement> {
    const { verdicts, events } = decided.decision
    return [
      ...found,
      ...verdicts.map((verdict) => {
        const { entry } = verdict
        const isOpen =
          verdict._tag === "Refused" && events.length === 0 && !known.has(entry.commandId) && this.#isStray(entry)
        return isOpen ? undecided(entry) : settlementOf(verdict, known)
      })
    ]
  }

  readonly #commit = Effect.fnUntraced({ self: this }, function* (this: Attempts, append: Append) {
    const startedAt = yield* Clock.currentTimeNanos
    this.#strayAt = Math.max(this.#strayAt, append.expected)
    yield* this.#journal
      .append(this.#log, append)
      .pipe(Effect.withSpan("holdfast.commit", { attributes: { "holdfast.events": append.events.length } }))
    const finishedAt = yield* Clock.currentTimeNanos
    yield* Metric.update(Telemetry.commitMs, Number(finishedAt - startedAt) / 1e6)
  })

  /** Lets the answers through that came before everything was forgotten, and ends a try that waited for longer. */
  #current(): Current {
    const epoch = this.#epoch
    return (effect) =>
      Effect.flatMap(effect, (answer) => (epoch === this.#epoch ? Effect.succeed(answer) : Effect.interrupt))
  }

  /** Whether a command may still take effect by an earlier commit, so that refusing it would be a lie. */
  #isStray({ commandId }: Entry): boolean {
    return this.#strays.has(commandId) || this.#strays.size >= straysMax
  }

  /** Comes to the head that the journal says: over the events of others where that does, else by forgetting. */
  readonly #follow = Effect.fnUntraced(
    { self: this },
    function* (this: Attempts, head: Head, current: Current): Effect.fn.Return<Head, StorageUnavailable> {
      const from = this.#head
      this.#isBehind = false
      if (from?.position === head.position) return head
      const missing = from === undefined ? Number.POSITIVE_INFINITY : head.position - from.position
      const events =
        missing > followMax || missing < 0
          ? []
          : yield* current(this.#journal.read(this.#log, head.position - missing, missing))
      if (events.length !== missing || !this.#evolve(events)) this.#forgetRows()
      this.#head = head
      return head
    }
  )

  /** Brings the rows over events. Says whether it could: it cannot where an event changes rows that were never loaded. */
  #evolve(events: ReadonlyArray<Event>): boolean {
    const draft = new Draft(this.#cache)
    try {
      for (const event of events) {
        if (event.type === RowsRebuilt.type) return false
        // Written by the same version of the domain as this one, it needs no check on the way back.
        const isCurrent = event.version === eventDefinition(event.type).versions.length
        evolveInto(draft, isCurrent ? event : decodeEvent(event), event)
      }
    } catch (error) {
      if (error instanceof NotLoaded) return false
      throw error
    }
    this.#cache.absorb(draft)
    this.#quietUntil = Math.min(this.#quietUntil, earliestExpiry(draft))
    return true
  }
}

/** Rows to write: those nobody looked for have to be new. */
const split = (cache: Cache, table: Table<Row>, changed: ReadonlyMap<string, Row>): Append["rows"][number] => {
  const rows: Array<Row> = []
  const added: Array<Row> = []
  for (const [key, row] of changed) (cache.isAssumed(table, key) ? added : rows).push(row)
  return { table, rows, added }
}
