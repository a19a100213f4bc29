import type { Invariant } from "../model/Definition.ts"
import { builtinLocations, type LocationRow, locations } from "./rows.ts"

/** Every location's path is its parent and its parent's path. */
const pathsFollowParents: Invariant = (rows) => {
  const known = new Map<string, LocationRow>(builtinLocations)
  for (const row of rows(locations)) known.set(row.id, row)
  const broken: Array<string> = []
  for (const row of rows(locations)) {
    const parent = row.parent === null ? undefined : known.get(row.parent)
    if (parent === undefined) broken.push(`the location ${row.id} has no known parent`)
    else if (row.path.join("/") !== [parent.id, ...parent.path].join("/")) {
      broken.push(`the path of ${row.id} is ${row.path.join(" < ")}`)
    }
  }
  return broken
}

export const locationInvariants: ReadonlyArray<Invariant> = [pathsFollowParents]
