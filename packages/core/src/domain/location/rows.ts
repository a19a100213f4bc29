/** The location: a place, in one tree under `world`. */
import type { Needs } from "../model/Definition.ts"
import { LocationIsClosed, UnknownLocation } from "../model/Refusal.ts"
import { table, type View } from "../model/Table.ts"

/** Kinds a host may register. Only `site`, `zone` and `bin` carry stock that can be promised. */
export const locationKinds = ["site", "zone", "bin", "transit", "virtual"] as const
export type LocationKind = (typeof locationKinds)[number]

/** One location. */
export interface LocationRow {
  readonly id: string
  readonly kind: LocationKind | "world"
  readonly name: string | null
  /** The parent's id; null only for `world`. */
  readonly parent: string | null
  /** Ancestors from the parent up to `world`. */
  readonly path: ReadonlyArray<string>
  readonly status: "open" | "closed"
  /** Log position of its last change. */
  readonly position: number
}

export const locations = table<LocationRow>({
  name: "locations",
  key: ["id"],
  columns: {
    id: "text",
    kind: "text",
    name: "optionalText",
    parent: "optionalText",
    path: "json",
    status: "text",
    position: "integer"
  },
  groups: { byParent: { columns: ["parent"] } }
})

/** Deepest tree, counted in ancestors, so that a command never has to walk far. */
export const locationDepthMax = 16

/** The root of the tree: the scope that means "anywhere". It carries no stock of its own. */
export const world = "world"

const builtin = (id: string, kind: LocationRow["kind"], parent: string | null): [string, LocationRow] => [
  id,
  { id, kind, name: null, parent, path: parent === null ? [] : [parent], status: "open", position: 0 }
]

/**
 * Locations that exist in every log: the root, and the virtual places at the other end of movements that cross the
 * border of what is counted. Their balances are what the outside gave (negative) or got (positive), so that units are
 * conserved over the whole world.
 */
export const builtinLocations: ReadonlyMap<string, LocationRow> = new Map([
  builtin(world, "world", null),
  builtin("supplier", "virtual", world),
  builtin("customer", "virtual", world),
  builtin("loss", "virtual", world)
])

/** The location, built in or registered. */
export const getLocation = (state: View, id: string): LocationRow | undefined =>
  builtinLocations.get(id) ?? state.get(locations, id)

/** Asks for a location. */
export const needLocation = (needs: Needs, id: string): LocationRow | undefined =>
  builtinLocations.get(id) ?? needs.row(locations, id)

/** Whether stock at this location counts in `available`. */
export const isSellable = (location: LocationRow): boolean =>
  location.kind === "site" || location.kind === "zone" || location.kind === "bin"

/** The location, if it may take part in something new. */
export const openLocation = (state: View, id: string): LocationRow | UnknownLocation | LocationIsClosed => {
  const location = getLocation(state, id)
  if (location === undefined) return new UnknownLocation({ location: id })
  return location.status === "closed" ? new LocationIsClosed({ location: id }) : location
}
