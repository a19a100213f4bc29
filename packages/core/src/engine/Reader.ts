/** Questions about a log, answered from the journal as of one position. Never from what the write path remembers. */
import { Effect } from "effect"
import {
  type Availability,
  availability,
  availabilityFootprint,
  Draft,
  type Event,
  evolveInto,
  holds,
  isRefusal,
  lapse,
  lapseFootprint,
  needLocation,
  type LocationRow,
  locations,
  type Needs,
  positions,
  type ReservationRow,
  reservations,
  type Scope,
  type UnknownLocation,
  type UnknownSku,
  type View,
  type WrongKindOfLocation
} from "../domain/index.ts"
import type { StorageUnavailable } from "../ports/errors.ts"
import { type Head, HeadMoved, type Journal, type LogId } from "../ports/Journal.ts"
import { Cache } from "./Cache.ts"
import { explainTerms, type Explanation } from "./explain.ts"
import { load } from "./load.ts"
import { MovementTrail } from "./MovementTrail.ts"
import { readEvent } from "./readEvent.ts"

/** A reader meets writers; it tries this often for a view of one position before it locks them out for a moment. */
const optimisticReads = 4

/** Claims to look through at first for those that are due but not recorded: mostly there are none, and then one tells. */
const expiringFirst = 1

/** How many more to ask for when all of them were due. */
const expiringFactor = 100

/** What a read may fail with, besides the storage. */
export type ReadRefusal = UnknownSku | UnknownLocation | WrongKindOfLocation

/** See the top of the file. */
export class Reader {
  readonly #journal: Journal
  readonly #log: LogId
  readonly #now: Effect.Effect<number>

  constructor(journal: Journal, log: LogId, now: Effect.Effect<number>) {
    this.#journal = journal
    this.#log = log
    this.#now = now
  }

  /**
   * Availability of many SKUs in one scope, all as of the same position and instant. Costs a bounded number of round
   * trips and one row per SKU and ancestor of the scope.
   */
  readonly availability = Effect.fnUntraced(
    { self: this },
    function* (
      this: Reader,
      skus: ReadonlyArray<string>,
      scope: Scope
    ): Effect.fn.Return<ReadonlyArray<Availability>, ReadRefusal | StorageUnavailable> {
      const { view, head } = yield* this.#viewOf((needs) => availabilityFootprint(skus, scope, needs))
      const answers: Array<Availability> = []
      for (const sku of skus) {
        const answer = availability(view, sku, scope, head.position)
        if (isRefusal(answer)) return yield* Effect.fail(answer)
        answers.push(answer)
      }
      return answers
    }
  )

  /** Availability of one SKU, term by term, with what is behind each term, all as of one position. */
  readonly explain = (sku: string, scope: Scope): Effect.Effect<Explanation, ReadRefusal | StorageUnavailable> =>
    this.#ofOnePosition(this.#explainOnce(sku, scope))

  readonly #explainOnce = Effect.fnUntraced(
    { self: this },
    function* (
      this: Reader,
      sku: string,
      scope: Scope
    ): Effect.fn.Return<Explanation, ReadRefusal | HeadMoved | StorageUnavailable> {
      const footprint = (needs: Needs) => {
        availabilityFootprint([sku], scope, needs)
        availabilityFootprint([sku], {}, needs)
        for (const row of needs.group(positions, "stockOfSku", sku))
          availabilityFootprint([sku], { exactly: row.location }, needs)
        for (const hold of needs.group(holds, "openOfSku", sku)) needLocation(needs, hold.location)
      }
      const { view, head } = yield* this.#look(footprint)
      const answer = availability(view, sku, scope, head.position)
      if (isRefusal(answer)) return yield* Effect.fail(answer)
      const everywhere = availability(view, sku, {}, head.position)
      const claimed = isRefusal(everywhere) ? 0 : everywhere.reserved + everywhere.allocated
      const recent = yield* this.#recentEvents(view, sku, head, claimed)
      const known = yield* this.#withPlacesOf(view, head, recent.claims)
      return explainTerms(known, answer, scope, recent.trail, recent.claims)
    }
  )

  /** Adds the places that claims are on: no stock need be there, so the footprint of a SKU does not lead to them. */
  readonly #withPlacesOf = Effect.fnUntraced(
    { self: this },
    function* (
      this: Reader,
      view: View,
      head: Head,
      claims: ReadonlyArray<ReservationRow>
    ): Effect.fn.Return<View, HeadMoved | StorageUnavailable> {
      const lines = claims.flatMap((claim) => claim.lines)
      const keys = [
        ...new Set(lines.flatMap((line) => [line.scope, ...line.allocations.map(({ location }) => location)]))
      ]
      if (keys.length === 0) return view
      const loaded = yield* this.#journal.load(this.#log, {
        rows: [{ table: locations as never, keys }],
        groups: [],
        expiring: 0
      })
      if (loaded.head.position !== head.position) {
        return yield* new HeadMoved({ expected: head.position, actual: loaded.head.position })
      }
      const known = new Draft(view)
      for (const row of (loaded.rows[0] ?? []) as unknown as ReadonlyArray<LocationRow>) known.put(locations, row)
      return known
    }
  )

  /** Events about a SKU, newest first, before a position. */
  readonly history = (
    sku: string,
    before: number,
    limit: number
  ): Effect.Effect<ReadonlyArray<Event>, StorageUnavailable> =>
    Effect.map(this.#journal.history(this.#log, sku, before, limit), (events) => events.map(readEvent))

  /** The events of one reservation or hold, oldest first, if it exists. */
  readonly reservationHistory = Effect.fnUntraced(
    { self: this },
    function* (this: Reader, id: string): Effect.fn.Return<ReadonlyArray<Event>, StorageUnavailable> {
      const { view } = yield* this.#viewOf((needs) => {
        needs.row(reservations, id)
      })
      const row = view.get(reservations, id)
      return row === undefined ? [] : (yield* this.#journal.eventsAt(this.#log, row.history)).map(readEvent)
    }
  )

  /** A reservation as it is now: expired from its instant on, recorded or not. */
  readonly reservation = Effect.fnUntraced({ self: this }, function* (this: Reader, id: string): Effect.fn.Return<
    ReservationRow | undefined,
    StorageUnavailable
  > {
    const { view } = yield* this.#viewOf((needs) => {
      needs.row(reservations, id)
    })
    return view.get(reservations, id)
  })

  /** A view of one position in which every claim that is due has lapsed, whether that is recorded or not. */
  readonly #viewOf = (footprints: (needs: Needs) => void) => this.#ofOnePosition(this.#look(footprints))

  /** Looks until nobody has written meanwhile; in the end while nobody can. */
  readonly #ofOnePosition = <A, E extends ReadRefusal | StorageUnavailable>(
    look: Effect.Effect<A, E | HeadMoved>
  ): Effect.Effect<A, E | StorageUnavailable> =>
    Effect.gen({ self: this }, function* (this: Reader) {
      for (let attempt = 0; attempt < optimisticReads; attempt++) {
        const result = yield* Effect.result(look)
        if (result._tag === "Success") return result.success
        if (result.failure._tag !== "HeadMoved") return yield* Effect.fail(result.failure as E)
      }
      const exit = yield* Effect.result(this.#journal.exclusively(this.#log, look))
      if (exit._tag === "Success") return exit.success
      return yield* exit.failure._tag === "HeadMoved"
        ? Effect.die(exit.failure)
        : Effect.fail(exit.failure as E | StorageUnavailable)
    })

  readonly #look = Effect.fnUntraced(
    { self: this },
    function* (
      this: Reader,
      footprints: (needs: Needs) => void
    ): Effect.fn.Return<{ readonly view: View; readonly head: Head }, HeadMoved | StorageUnavailable> {
      const shared = { journal: this.#journal, log: this.#log, cache: new Cache(Number.MAX_SAFE_INTEGER) }
      let asked = expiringFirst
      let { head, expiring } = yield* load({ ...shared, head: undefined, footprints, expiring: asked })
      const now = Math.max(yield* this.#now, head.recordedAt)
      while (expiring.length === asked && (expiring.at(-1)?.expiresAt ?? Number.POSITIVE_INFINITY) <= now) {
        asked *= expiringFactor
        ;({ expiring } = yield* load({ ...shared, head, footprints, expiring: asked }))
      }
      const due = expiring.filter((claim) => claim.expiresAt <= now)
      if (due.length === 0) return { view: shared.cache, head }
      yield* load({
        ...shared,
        head,
        footprints: (needs) => {
          for (const { id } of due) lapseFootprint(id, needs)
        }
      })
      const view = new Draft(shared.cache)
      for (const { id } of due) {
        for (const event of lapse(view, id, now)) {
          evolveInto(view, event, { position: head.position, effectiveAt: now, recordedAt: now })
        }
      }
      return { view, head }
    }
  )

  /** Walks back through a SKU's events until every live claim on it and a movement of every position in stock are found. */
  readonly #recentEvents = Effect.fnUntraced(
    { self: this },
    function* (
      this: Reader,
      view: View,
      sku: string,
      head: Head,
      claimed: number
    ): Effect.fn.Return<
      { readonly trail: MovementTrail; readonly claims: ReadonlyArray<ReservationRow> },
      HeadMoved | StorageUnavailable
    > {
      const pageSize = 500
      const trail = new MovementTrail(view, sku)
      const claims = new Map<string, ReservationRow>()
      let missing = claimed
      let before = head.position + 1
      for (;;) {
        const page = yield* this.history(sku, before, pageSize)
        const made = page
          .filter((event) => event.type === "ReservationMade")
          .map((event) => (event.data as { id: string }).id)
        if (made.length > 0) {
          const loaded = yield* this.#journal.load(this.#log, {
            rows: [{ table: reservations as never, keys: made }],
            groups: [],
            expiring: 0
          })
          if (loaded.head.position !== head.position) {
            return yield* new HeadMoved({ expected: head.position, actual: loaded.head.position })
          }
          for (const row of (loaded.rows[0] ?? []) as unknown as ReadonlyArray<ReservationRow>) {
            const live = liveUnits(view, row, sku)
            if (live === 0 || claims.has(row.id)) continue
            claims.set(row.id, row)
            missing -= live
          }
        }
        for (const event of page) trail.add(event)
        const last = page.at(-1)
        if ((missing <= 0 && trail.isComplete) || last === undefined || page.length < pageSize) {
          return { trail, claims: [...claims.values()] }
        }
        before = last.position
      }
    }
  )
}

/** Units of a SKU that a reservation claims. A view that has lapsed it knows better than the row. */
const liveUnits = (view: View, row: ReservationRow, sku: string): number => {
  const lapsed = view instanceof Draft ? view.changed.get(reservations as never)?.get(row.id) : undefined
  const current = (lapsed as ReservationRow | undefined) ?? row
  let units = 0
  for (const line of current.lines) {
    if (line.sku !== sku) continue
    units += line.reserved
    for (const allocation of line.allocations) units += allocation.quantity
  }
  return units
}
