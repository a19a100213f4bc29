/** Load and decide: from waiting commands to what their commit has to write. */
import { Effect } from "effect"
import {
  type Draft,
  footprint,
  lapseFootprint,
  type ReservationRow,
  reservations,
  type Table
} from "../domain/index.ts"
import type { StorageUnavailable } from "../ports/errors.ts"
import type { Head, HeadMoved, Journal, Loaded, LogId } from "../ports/Journal.ts"
import type { Cache } from "./Cache.ts"
import { BatchDecision } from "./decideBatch.ts"
import type { Entry } from "./Entry.ts"
import { type InFlight, load } from "./load.ts"

/** Expired claims that one batch records. */
export const expiriesMax = 500

/** What is decided, and on what. */
export interface Pending {
  readonly journal: Journal
  readonly log: LogId
  readonly cache: Cache
  readonly head: Head
  /** Epoch milliseconds. */
  readonly now: number
  readonly entries: ReadonlyArray<Entry>
  /** A commit on its way that `head` and `cache` are already behind. */
  readonly inFlight: InFlight | undefined
  /** Whether there may be claims that are due. */
  readonly unquiet: boolean
  /** Whether ids of the callers' choice may be believed new until the commit finds out. */
  readonly trust: boolean
}

/** A decided batch. */
export interface Decided {
  readonly decision: BatchDecision
  /** There is more to lapse before the entries can be decided; none of them was. */
  readonly again: boolean
  /** The next instant at which a claim expires, of those that existed before; undefined when nobody looked. */
  readonly nextExpiry: number | undefined
}

/** Loads what is missing and decides every entry, after the claims that are due have lapsed. */
export const decidePending = Effect.fnUntraced(function* (
  pending: Pending
): Effect.fn.Return<Decided, HeadMoved | StorageUnavailable> {
  const { entries, now, cache, head } = pending
  const loaded = yield* load({
    ...pending,
    expiring: pending.unquiet ? expiriesMax : 0,
    footprints: (needs) => {
      for (const entry of entries) footprint(entry.command, needs)
    }
  }).pipe(Effect.withSpan("holdfast.load"))
  const expiring = pending.unquiet ? expiringBehind(loaded.expiring, pending.inFlight) : []
  const due = expiring.filter((claim) => claim.expiresAt <= now).map((claim) => claim.id)
  // A full page may hide more, also when the commit in flight has ended some of it.
  const horizon =
    loaded.expiring.length < expiriesMax ? Number.POSITIVE_INFINITY : (loaded.expiring.at(-1)?.expiresAt ?? 0)
  const again = horizon <= now && entries.length > 0
  const decided = again ? [] : entries
  const decideAll = Effect.fnUntraced(function* () {
    // Each time anew: a reservation that is due may have been believed absent, and have been found since.
    if (due.length > 0) {
      yield* load({
        ...pending,
        trust: false,
        footprints: (needs) => {
          for (const id of due) lapseFootprint(id, needs)
        }
      }).pipe(Effect.withSpan("holdfast.load.expired"))
    }
    const decision = new BatchDecision(cache, head, now)
    for (const id of due) decision.lapse(id)
    yield* decideEach(pending, decision, decided, 0)
    return decision
  })
  const decision = yield* Effect.gen(function* () {
    for (;;) {
      const decision = yield* decideAll()
      if (!(yield* doubtRefusals(pending, decision))) return decision
    }
  }).pipe(Effect.withSpan("holdfast.decide"))
  const nextExpiry = !pending.unquiet
    ? undefined
    : horizon <= now
      ? 0
      : Math.min(horizon, expiring.find((claim) => claim.expiresAt > now)?.expiresAt ?? Number.POSITIVE_INFINITY)
  return { decision, again, nextExpiry }
})

/** The soft claims that expire first, behind a commit in flight: it may have made, moved or ended some. */
const expiringBehind = (expiring: Loaded["expiring"], inFlight: InFlight | undefined): Loaded["expiring"] => {
  if (inFlight === undefined) return expiring
  const changed = changedClaims(inFlight.draft)
  const ids = new Set(changed.map(({ id }) => id))
  const active = changed.filter(({ status }) => status === "active")
  return [...expiring.filter(({ id }) => !ids.has(id)), ...active].sort(
    (a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1)
  )
}

/** The reservations that a draft has changed. */
const changedClaims = (draft: Draft): ReadonlyArray<ReservationRow> => [
  ...((draft.changed.get(reservations as unknown as Table<never>)?.values() ?? []) as Iterable<ReservationRow>)
]

/** When the first of the soft claims that a draft made or moved expires. */
export const earliestExpiry = (draft: Draft): number =>
  changedClaims(draft).reduce(
    (earliest, { status, expiresAt }) => (status === "active" ? Math.min(earliest, expiresAt) : earliest),
    Number.POSITIVE_INFINITY
  )

/** Decides more entries on top of a decided batch: those of `pending` from `first` on. */
export const decideMore = Effect.fnUntraced(function* (
  pending: Pending,
  decided: Decided,
  first: number
): Effect.fn.Return<Decided, HeadMoved | StorageUnavailable> {
  const { decision } = decided
  yield* load({
    ...pending,
    draft: decision.draft,
    footprints: (needs) => {
      for (const entry of pending.entries.slice(first)) footprint(entry.command, needs)
    }
  }).pipe(Effect.withSpan("holdfast.load"))
  const isDoubtful = yield* Effect.andThen(
    decideEach(pending, decision, pending.entries, first),
    doubtRefusals(pending, decision)
  ).pipe(Effect.withSpan("holdfast.decide"))
  return isDoubtful ? yield* decidePending(pending) : decided
})

/** Decides one entry after the other. What a later one needs may depend on what this very batch has changed. */
const decideEach = Effect.fnUntraced(function* (
  pending: Pending,
  decision: BatchDecision,
  entries: ReadonlyArray<Entry>,
  first: number
): Effect.fn.Return<void, HeadMoved | StorageUnavailable> {
  let index = decision.decideFrom(entries, first)
  while (index < entries.length) {
    const from = index
    yield* load({
      ...pending,
      draft: decision.draft,
      footprints: (needs) => {
        for (let i = from; i < entries.length; i++) footprint((entries[i] as Entry).command, needs)
      }
    })
    index = decision.decideFrom(entries, index)
    if (index === from) yield* Effect.die(new Error(`the footprint of ${entries[index]?.name} is incomplete`))
  }
})

/**
 * A commit proves that the ids of accepted commands were new; nothing proves it for refused ones. Looks for theirs, and
 * says whether one exists, so that everything has to be decided again.
 */
const doubtRefusals = Effect.fnUntraced(function* (
  pending: Pending,
  decision: BatchDecision
): Effect.fn.Return<boolean, HeadMoved | StorageUnavailable> {
  if (!pending.trust) return false
  const refused = decision.verdicts.filter((verdict) => verdict._tag === "Refused")
  if (refused.length === 0) return false
  const before = pending.cache.rowsFound
  yield* load({
    ...pending,
    trust: false,
    draft: decision.draft,
    footprints: (needs) => {
      for (const { entry } of refused) footprint(entry.command, needs)
    }
  })
  return pending.cache.rowsFound > before
})
