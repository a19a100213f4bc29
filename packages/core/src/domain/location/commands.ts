import { Schema } from "effect"
import { fillBackorders, needBackorders } from "../backorder/fill.ts"
import { Decision } from "../model/Decision.ts"
import { command, type Needs } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { ClaimsWouldBreak, InvalidParent, isRefusal, LocationExists, LocationInUse } from "../model/Refusal.ts"
import { Draft, type View } from "../model/Table.ts"
import { levelKey, levelOf, levels, moveSubtree, roomOf } from "../stock/levels.ts"
import { positions } from "../stock/rows.ts"
import { LocationClosed, LocationRegistered, LocationReparented } from "./events.ts"
import {
  builtinLocations,
  getLocation,
  type LocationKind,
  type LocationRow,
  locationDepthMax,
  locationKinds,
  locations,
  needLocation,
  openLocation,
  world
} from "./rows.ts"

/** Which kinds may stand under which. */
const parentsOf: Readonly<Record<LocationKind, ReadonlyArray<LocationRow["kind"]>>> = {
  site: ["world", "site"],
  zone: ["site", "zone"],
  bin: ["site", "zone"],
  transit: ["world"],
  virtual: ["world"]
}

const defaultParent = (parent: string | undefined): string => parent ?? world

/** The parent, if a location of this kind may stand under it. */
const validParent = (state: View, id: string, kind: LocationKind, parentId: string) => {
  const parent = openLocation(state, parentId)
  if (isRefusal(parent)) return parent
  if (!parentsOf[kind].includes(parent.kind)) {
    return new InvalidParent({
      location: id,
      parent: parentId,
      reason: `a ${kind} cannot stand under a ${parent.kind}`
    })
  }
  return parent
}

const needSubtree = (needs: Needs, id: string): void => {
  for (const child of needs.group(locations, "byParent", id)) needSubtree(needs, child.id)
}

/** Levels below a location, counted in locations; 0 when it has no children. */
const depthBelow = (state: View, id: string): number =>
  state.group(locations, "byParent", id).reduce((depth, child) => Math.max(depth, 1 + depthBelow(state, child.id)), 0)

export const locationCommands = {
  /** Makes a place known, under a parent or directly under `world`. */
  registerLocation: command({
    fields: {
      id: Id,
      kind: Schema.Literals(locationKinds),
      /** Default: `world`. Zones and bins need one. */
      parent: Schema.optionalKey(Id),
      name: Schema.optionalKey(Id)
    },
    footprint: (c, needs) => {
      needs.row(locations, c.id)
      needLocation(needs, defaultParent(c.parent))
    },
    decide: (c, state) => {
      if (getLocation(state, c.id) !== undefined) return new LocationExists({ location: c.id })
      const parent = validParent(state, c.id, c.kind, defaultParent(c.parent))
      if (isRefusal(parent)) return parent
      if (parent.path.length + 1 > locationDepthMax) {
        return new InvalidParent({
          location: c.id,
          parent: parent.id,
          reason: `the tree would be deeper than ${locationDepthMax}`
        })
      }
      return [LocationRegistered.make({ id: c.id, kind: c.kind, name: c.name ?? null, parent: parent.id })]
    },
    answer: (events) => ({ location: events.find(LocationRegistered.is)?.data.id ?? "" })
  }),

  /**
   * Moves a place and everything below it under another parent, stock and claims included. Refused when claims on the
   * old ancestors count on that stock. Demand that waits under the new ones is served from it. Costs a row per SKU of the
   * subtree and ancestor, and one per location below.
   */
  reparentLocation: command({
    fields: { id: Id, parent: Id },
    footprint: (c, needs) => {
      const row = needLocation(needs, c.id)
      const parent = needLocation(needs, c.parent)
      needSubtree(needs, c.id)
      if (row === undefined || parent === undefined) return
      for (const { sku } of needs.group(levels, "atLocation", c.id)) {
        for (const ancestor of [...row.path, parent.id, ...parent.path]) needs.row(levels, levelKey(sku, ancestor))
        needBackorders(needs, sku)
      }
    },
    decide: (c, state) => {
      const row = openLocation(state, c.id)
      if (isRefusal(row)) return row
      if (row.kind === "world" || builtinLocations.has(c.id)) {
        return new InvalidParent({ location: c.id, parent: c.parent, reason: "built-in locations stay where they are" })
      }
      const parent = validParent(state, c.id, row.kind, c.parent)
      if (isRefusal(parent)) return parent
      if (parent.id === c.id || parent.path.includes(c.id)) {
        return new InvalidParent({ location: c.id, parent: c.parent, reason: "it is the location itself or below it" })
      }
      if (parent.path.length + 1 + depthBelow(state, c.id) > locationDepthMax) {
        return new InvalidParent({
          location: c.id,
          parent: c.parent,
          reason: `the tree would be deeper than ${locationDepthMax}`
        })
      }
      const broken = brokenClaims(state, row, [parent.id, ...parent.path])
      if (broken !== undefined) return broken
      const decision = new Decision(state)
      decision.emit(LocationReparented, { id: c.id, from: row.parent ?? world, to: parent.id })
      for (const { sku } of state.group(levels, "atLocation", c.id)) fillBackorders(decision, sku)
      return decision.events
    },
    answer: (events) => {
      const moved = events.find(LocationReparented.is)
      return { location: moved?.data.id ?? "", parent: moved?.data.to ?? "" }
    }
  }),

  /** Ends a place that has no open children, no stock and no claims. */
  closeLocation: command({
    fields: { id: Id },
    footprint: (c, needs) => {
      needs.row(locations, c.id)
      needs.group(locations, "byParent", c.id)
      needs.group(levels, "atLocation", c.id)
      needs.group(positions, "stockAt", c.id)
    },
    decide: (c, state) => {
      const row = openLocation(state, c.id)
      if (isRefusal(row)) return row
      if (builtinLocations.has(c.id)) return new LocationInUse({ location: c.id, by: c.id, reason: "children" })
      const child = state.group(locations, "byParent", c.id).find((other) => other.status === "open")
      if (child !== undefined) return new LocationInUse({ location: c.id, by: child.id, reason: "children" })
      const stock = state.group(positions, "stockAt", c.id)[0]
      if (stock !== undefined) return new LocationInUse({ location: c.id, by: stock.sku, reason: "stock" })
      const claim = state
        .group(levels, "atLocation", c.id)
        .find((level) => level.reserved !== 0 || level.allocated !== 0 || level.held !== 0)
      if (claim !== undefined) return new LocationInUse({ location: c.id, by: claim.sku, reason: "claims" })
      return [LocationClosed.make({ id: c.id })]
    },
    answer: (events) => ({ location: events.find(LocationClosed.is)?.data.id ?? "" })
  })
}

/** The first old ancestor whose claims would lose stock they count on. */
const brokenClaims = (state: View, row: LocationRow, path: ReadonlyArray<string>): ClaimsWouldBreak | undefined => {
  const after = new Draft(state)
  for (const { sku } of state.group(levels, "atLocation", row.id)) {
    moveSubtree(after, sku, row.id, row.path, path)
    for (const ancestor of row.path) {
      const before = roomOf(levelOf(state, sku, ancestor))
      const room = roomOf(levelOf(after, sku, ancestor))
      if (room < 0 && room < before) {
        return new ClaimsWouldBreak({ location: row.id, sku, scope: ancestor, missing: -room })
      }
    }
  }
  return undefined
}
