/** "How many can I sell?", for every surface the same. */
import { getLocation, isSellable, needLocation, world } from "./location/rows.ts"
import type { Needs } from "./model/Definition.ts"
import { UnknownLocation, UnknownSku, WrongKindOfLocation } from "./model/Refusal.ts"
import type { View } from "./model/Table.ts"
import { skus } from "./sku/rows.ts"
import { availableIn, levelOf, needLevels } from "./stock/levels.ts"

/** Where to look: a whole subtree, or one place alone. Default: within `world`. */
export interface Scope {
  readonly within?: string
  readonly exactly?: string
}

/**
 * What can be promised of a SKU in a scope, over conditions that can be sold, in base units:
 * `available = onHand − held − allocated − reserved − claimedAbove + shortBelow`.
 */
export interface Availability {
  readonly sku: string
  /** What a person could count. */
  readonly onHand: number
  /** Blocked by holds. */
  readonly held: number
  /** Soft claims on this scope or a place inside it. */
  readonly reserved: number
  /** Firm claims on positions in the scope. */
  readonly allocated: number
  /** Soft claims on wider scopes that only the stock here can serve any more. */
  readonly claimedAbove: number
  /** Claims and holds inside the scope that outgrew the stock of their own place, and take nothing from the rest. */
  readonly shortBelow: number
  readonly available: number
  /** The log position the figures are true at. */
  readonly position: number
}

/** The place a scope names and whether it is meant exactly. */
export const scopeOf = (scope: Scope): { readonly location: string; readonly exactly: boolean } =>
  scope.exactly !== undefined
    ? { location: scope.exactly, exactly: true }
    : { location: scope.within ?? world, exactly: false }

/** Asks for what {@link availability} reads: one row per SKU and ancestor of the scope. */
export const availabilityFootprint = (ids: ReadonlyArray<string>, scope: Scope, needs: Needs): void => {
  const { location } = scopeOf(scope)
  needLocation(needs, location)
  for (const sku of ids) {
    needs.row(skus, sku)
    needLevels(needs, sku, location)
  }
}

/** Availability of one SKU in a scope. Closed locations and retired SKUs answer too. */
export const availability = (
  state: View,
  sku: string,
  scope: Scope,
  position: number
): Availability | UnknownSku | UnknownLocation | WrongKindOfLocation => {
  const { location: id, exactly } = scopeOf(scope)
  if (state.get(skus, sku) === undefined) return new UnknownSku({ sku })
  const location = getLocation(state, id)
  if (location === undefined) return new UnknownLocation({ location: id })
  if (!isSellable(location) && location.kind !== "world") {
    return new WrongKindOfLocation({ location: id, kind: location.kind, needed: "a site, zone or bin" })
  }
  const level = levelOf(state, sku, id)
  const available = availableIn(state, sku, location, exactly)
  const terms = exactly
    ? { onHand: level.ownOnHand, held: level.ownHeld, reserved: level.claimedExactly, allocated: level.ownAllocated }
    : { onHand: level.onHand, held: level.held, reserved: level.reserved, allocated: level.allocated }
  const own = exactly
    ? level.ownFree - level.claimedExactly
    : Math.max(0, level.ownFree - level.claimedExactly) + level.childRoom - level.claimedWithin
  return {
    sku,
    ...terms,
    claimedAbove: own - available,
    shortBelow: own - (terms.onHand - terms.held - terms.reserved - terms.allocated),
    available,
    position
  }
}
