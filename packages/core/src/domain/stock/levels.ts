/**
 * Levels: per SKU and location, what its subtree holds and how much of it can still be promised. They make
 * availability in any scope a look-up of one row per ancestor, whatever the number of bins.
 *
 * **How much can be promised within a scope.** Soft claims name a scope, not a position, and scopes form a tree. Claims
 * can all be met if and only if at every node the claims inside it do not exceed the stock inside it (Hall's condition
 * on a laminar family). So with
 *
 *     exactRoom(L) = Σ max(0, onHand − held − allocated) over the promisable positions at L − claims exactly at L
 *     room(L)      = max(0, exactRoom(L)) + Σ max(0, room(child)) over the children of L − claims within L
 *
 * what can be promised within L is the least `room` of L and its ancestors; exactly at L it is also limited by
 * `exactRoom(L)`. The `max(0, …)` keeps a deficit where it is: stock missing in one place takes nothing from another.
 */
import { getLocation, isSellable, type LocationRow, needLocation } from "../location/rows.ts"
import type { Needs } from "../model/Definition.ts"
import { keySeparator } from "../model/Ids.ts"
import { type Draft, table, type View } from "../model/Table.ts"
import { isPromisable, type Place } from "./Place.ts"
import { freeOf, type PositionRow, positionKey, positions } from "./rows.ts"

/** One level: a SKU at a location. The first group of figures is about the location alone, the second about its subtree. */
export interface LevelRow {
  readonly sku: string
  readonly location: string
  /** On hand, held and allocated at promisable positions exactly here. */
  readonly ownOnHand: number
  readonly ownHeld: number
  readonly ownAllocated: number
  /** Σ max(0, onHand − held − allocated) over promisable positions exactly here. */
  readonly ownFree: number
  /** Soft claims exactly here. */
  readonly claimedExactly: number
  /** Soft claims whose scope is this subtree as a whole. */
  readonly claimedWithin: number
  /** Σ max(0, room) over the children. */
  readonly childRoom: number
  /** Sums over the subtree, this location included. */
  readonly onHand: number
  readonly held: number
  readonly allocated: number
  /** Soft claims with a scope anywhere in the subtree. */
  readonly reserved: number
  /** On hand in conditions that cannot be promised. */
  readonly unsellable: number
}

export const levels = table<LevelRow>({
  name: "levels",
  key: ["sku", "location"],
  columns: {
    sku: "text",
    location: "text",
    ownOnHand: "integer",
    ownHeld: "integer",
    ownAllocated: "integer",
    ownFree: "integer",
    claimedExactly: "integer",
    claimedWithin: "integer",
    childRoom: "integer",
    onHand: "integer",
    held: "integer",
    allocated: "integer",
    reserved: "integer",
    unsellable: "integer"
  },
  groups: { atLocation: { columns: ["location"] } }
})

/** Key of a level. */
export const levelKey = (sku: string, location: string): string => sku + keySeparator + location

/** The level of a SKU where nothing ever happened to it. */
export const emptyLevel = (sku: string, location: string): LevelRow => ({
  sku,
  location,
  ownOnHand: 0,
  ownHeld: 0,
  ownAllocated: 0,
  ownFree: 0,
  claimedExactly: 0,
  claimedWithin: 0,
  childRoom: 0,
  onHand: 0,
  held: 0,
  allocated: 0,
  reserved: 0,
  unsellable: 0
})

/** The level of a SKU at a location. */
export const levelOf = (state: View, sku: string, location: string): LevelRow =>
  state.get(levels, levelKey(sku, location)) ?? emptyLevel(sku, location)

/** What is promisable exactly at the level's location, its ancestors' claims aside. */
export const exactRoomOf = (level: LevelRow): number => level.ownFree - level.claimedExactly

/** What is promisable in the level's subtree, its ancestors' claims aside. */
export const roomOf = (level: LevelRow): number =>
  Math.max(0, exactRoomOf(level)) + level.childRoom - level.claimedWithin

/** Asks for a location and the levels of a SKU from there up to `world`. */
export const needLevels = (needs: Needs, sku: string, location: string): LocationRow | undefined => {
  const row = needLocation(needs, location)
  if (row === undefined || (row.kind !== "world" && !isSellable(row))) return row
  needs.row(levels, levelKey(sku, location))
  for (const ancestor of row.path) needs.row(levels, levelKey(sku, ancestor))
  return row
}

/** Asks for a position and what changes with it. */
export const needPosition = (needs: Needs, sku: string, place: Place): void => {
  needs.row(positions, positionKey(sku, place))
  needLevels(needs, sku, place.location)
}

/** How much of a SKU can be promised in a scope. Negative when claims there outgrew the stock. */
export const availableIn = (state: View, sku: string, scope: LocationRow, exactly: boolean): number => {
  const own = levelOf(state, sku, scope.id)
  let least = exactly ? Math.min(exactRoomOf(own), roomOf(own)) : roomOf(own)
  for (const ancestor of scope.path) least = Math.min(least, roomOf(levelOf(state, sku, ancestor)))
  return least
}

type Figures = Omit<LevelRow, "sku" | "location">

/** Adds to a location's own level, and carries sums and room up to `world`. Costs one row per ancestor. */
const changeLevel = (draft: Draft, sku: string, location: LocationRow, change: Partial<Figures>): void => {
  let level = levelOf(draft, sku, location.id)
  let next: LevelRow = {
    ...level,
    ownOnHand: level.ownOnHand + (change.ownOnHand ?? 0),
    ownHeld: level.ownHeld + (change.ownHeld ?? 0),
    ownAllocated: level.ownAllocated + (change.ownAllocated ?? 0),
    ownFree: level.ownFree + (change.ownFree ?? 0),
    claimedExactly: level.claimedExactly + (change.claimedExactly ?? 0),
    claimedWithin: level.claimedWithin + (change.claimedWithin ?? 0),
    onHand: level.onHand + (change.onHand ?? 0),
    held: level.held + (change.held ?? 0),
    allocated: level.allocated + (change.allocated ?? 0),
    reserved: level.reserved + (change.reserved ?? 0),
    unsellable: level.unsellable + (change.unsellable ?? 0)
  }
  draft.put(levels, next)
  for (const ancestor of location.path) {
    const roomChange = Math.max(0, roomOf(next)) - Math.max(0, roomOf(level))
    level = levelOf(draft, sku, ancestor)
    next = {
      ...level,
      childRoom: level.childRoom + roomChange,
      onHand: level.onHand + (change.onHand ?? 0),
      held: level.held + (change.held ?? 0),
      allocated: level.allocated + (change.allocated ?? 0),
      reserved: level.reserved + (change.reserved ?? 0),
      unsellable: level.unsellable + (change.unsellable ?? 0)
    }
    draft.put(levels, next)
  }
}

/** Adds a soft claim to a scope, or takes it back with a negative quantity. */
export const changeClaim = (draft: Draft, sku: string, scope: string, exactly: boolean, quantity: number): void => {
  const location = getLocation(draft, scope)
  if (location === undefined) throw new Error(`claim on unknown location ${scope}`)
  changeLevel(
    draft,
    sku,
    location,
    exactly ? { claimedExactly: quantity, reserved: quantity } : { claimedWithin: quantity, reserved: quantity }
  )
}

/** Adds to the figures of a position, and to the levels above it. */
export const changePosition = (
  draft: Draft,
  sku: string,
  place: Place,
  change: { readonly onHand?: number; readonly held?: number; readonly allocated?: number },
  position: number
): void => {
  const key = positionKey(sku, place)
  const before = draft.get(positions, key) ?? emptyPosition(sku, place)
  const after: PositionRow = {
    ...before,
    onHand: before.onHand + (change.onHand ?? 0),
    held: before.held + (change.held ?? 0),
    allocated: before.allocated + (change.allocated ?? 0),
    position
  }
  draft.put(positions, after)
  const location = getLocation(draft, place.location)
  if (location === undefined) throw new Error(`stock at unknown location ${place.location}`)
  if (!isSellable(location)) return
  if (!isPromisable(place.condition)) {
    if (change.onHand !== undefined) changeLevel(draft, sku, location, { unsellable: change.onHand })
    return
  }
  changeLevel(draft, sku, location, {
    ownOnHand: change.onHand ?? 0,
    ownHeld: change.held ?? 0,
    ownAllocated: change.allocated ?? 0,
    ownFree: Math.max(0, freeOf(after)) - Math.max(0, freeOf(before)),
    onHand: change.onHand ?? 0,
    held: change.held ?? 0,
    allocated: change.allocated ?? 0
  })
}

/** A position where nothing ever was. */
export const emptyPosition = (sku: string, place: Place): PositionRow => ({
  sku,
  location: place.location,
  lot: place.lot,
  condition: place.condition,
  owner: place.owner,
  onHand: 0,
  held: 0,
  allocated: 0,
  position: 0
})

/** Takes the figures of a subtree away from the ancestors it had and gives them to those it gets. */
export const moveSubtree = (
  draft: Draft,
  sku: string,
  location: string,
  from: ReadonlyArray<string>,
  to: ReadonlyArray<string>
): void => {
  const moved = levelOf(draft, sku, location)
  for (const [path, sign] of [
    [from, -1],
    [to, 1]
  ] as const) {
    let roomChange = sign * Math.max(0, roomOf(moved))
    for (const ancestor of path) {
      const level = levelOf(draft, sku, ancestor)
      const next: LevelRow = {
        ...level,
        childRoom: level.childRoom + roomChange,
        onHand: level.onHand + sign * moved.onHand,
        held: level.held + sign * moved.held,
        allocated: level.allocated + sign * moved.allocated,
        reserved: level.reserved + sign * moved.reserved,
        unsellable: level.unsellable + sign * moved.unsellable
      }
      roomChange = Math.max(0, roomOf(next)) - Math.max(0, roomOf(level))
      draft.put(levels, next)
    }
  }
}
