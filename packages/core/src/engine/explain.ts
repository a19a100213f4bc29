/** "Why is this 47?": the sum behind availability, term by term, with the events behind each term. */
import {
  type Availability,
  availability,
  getLocation,
  holds,
  isRefusal,
  isPromisable,
  isSellable,
  type PositionRow,
  positions,
  type ReservationRow,
  type Scope,
  scopeOf,
  type View
} from "../domain/index.ts"
import type { MovementTrail } from "./MovementTrail.ts"

/** One thing that a term consists of. */
export interface Reason {
  /** A sentence for a person. */
  readonly text: string
  readonly quantity: number
  /** Log positions of the events behind it, newest first. */
  readonly positions: ReadonlyArray<number>
}

/** One term of the sum. */
export interface Term {
  readonly term: "onHand" | "held" | "reserved" | "allocated" | "claimedAbove" | "shortBelow"
  /** With the sign it has in the sum. */
  readonly quantity: number
  /** What it consists of. For the terms of stock and claims the quantities add up to the term's size. */
  readonly because: ReadonlyArray<Reason>
}

/** Availability with its reasons; the terms sum up to `available`. */
export interface Explanation extends Availability {
  readonly terms: ReadonlyArray<Term>
}

/** Puts the figures and what is behind them together. */
export const explainTerms = (
  view: View,
  figures: Availability,
  scope: Scope,
  trail: MovementTrail,
  claims: ReadonlyArray<ReservationRow>
): Explanation => {
  const { location: place, exactly } = scopeOf(scope)
  const { sku } = figures
  const inside = (location: string): boolean =>
    location === place || (!exactly && (getLocation(view, location)?.path.includes(place) ?? false))
  /** The tree spans transit and virtual places too, and what is there counts in no term. */
  const counts = (row: { readonly condition: string; readonly location: string }): boolean => {
    const location = getLocation(view, row.location)
    return isPromisable(row.condition) && location !== undefined && isSellable(location) && inside(row.location)
  }

  const onHand = view
    .group(positions, "stockOfSku", sku)
    .filter(counts)
    .map(
      (row): Reason => ({
        text: `on hand at ${describe(row)}`,
        quantity: row.onHand,
        positions: trail.of(row)
      })
    )
  const held = view
    .group(holds, "openOfSku", sku)
    .filter(counts)
    .map(
      (hold): Reason => ({
        text: `hold ${hold.id} at ${hold.location}`,
        quantity: hold.remaining,
        positions: [hold.position]
      })
    )
  const reserved: Array<Reason> = []
  const above: Array<Reason> = []
  const allocated: Array<Reason> = []
  for (const claim of claims) {
    for (const line of claim.lines) {
      if (line.sku !== sku) continue
      const own = line.exactly && !exactly ? inside(line.scope) : line.exactly === exactly && inside(line.scope)
      const text = `reservation ${claim.id} of ${claim.owner}, ${line.exactly ? "exactly at" : "within"} ${line.scope}`
      const because = [...claim.history].reverse()
      if (line.reserved > 0) (own ? reserved : above).push({ text, quantity: line.reserved, positions: because })
      for (const allocation of line.allocations) {
        if (!inside(allocation.location)) continue
        allocated.push({
          text: `reservation ${claim.id} of ${claim.owner}, at ${allocation.location}`,
          quantity: allocation.quantity,
          positions: because
        })
      }
    }
  }
  return {
    ...figures,
    terms: [
      { term: "onHand", quantity: figures.onHand, because: onHand },
      { term: "held", quantity: -figures.held, because: held },
      { term: "reserved", quantity: -figures.reserved, because: reserved },
      { term: "allocated", quantity: -figures.allocated, because: allocated },
      { term: "claimedAbove", quantity: -figures.claimedAbove, because: figures.claimedAbove === 0 ? [] : above },
      {
        term: "shortBelow",
        quantity: figures.shortBelow,
        because: figures.shortBelow === 0 ? [] : shortages(view, sku, inside, figures.position)
      }
    ]
  }
}

const describe = (row: PositionRow): string =>
  row.owner === "self" ? row.location : `${row.location}, owned by ${row.owner}`

/** Places whose own claims and holds outgrew their stock. */
const shortages = (
  view: View,
  sku: string,
  inside: (location: string) => boolean,
  position: number
): ReadonlyArray<Reason> =>
  [...new Set(view.group(positions, "stockOfSku", sku).map((row) => row.location))]
    .filter(inside)
    .flatMap((location) => {
      const own = availability(view, sku, { exactly: location }, position)
      if (isRefusal(own)) return []
      const short = own.held + own.reserved + own.allocated - own.onHand
      return short > 0
        ? [{ text: `claims and holds at ${location} exceed its stock`, quantity: short, positions: [] }]
        : []
    })
