import { Schema } from "effect"
import { event } from "../model/Definition.ts"
import type { Draft } from "../model/Table.ts"
import { levels, moveSubtree } from "../stock/levels.ts"
import { getLocation, locationKinds, type LocationRow, locations } from "./rows.ts"

const pathUnder = (draft: Draft, parent: string): ReadonlyArray<string> => {
  const row = getLocation(draft, parent)
  if (row === undefined) throw new Error(`event under the unknown location ${parent}`)
  return [parent, ...row.path]
}

export const LocationRegistered = event({
  type: "LocationRegistered",
  schema: Schema.Struct({
    id: Schema.String,
    kind: Schema.Literals(locationKinds),
    name: Schema.NullOr(Schema.String),
    parent: Schema.String
  }),
  evolve: (data, draft, facts) =>
    draft.put(locations, {
      ...data,
      path: pathUnder(draft, data.parent),
      status: "open",
      position: facts.position
    }),
  skus: () => []
})

export const LocationReparented = event({
  type: "LocationReparented",
  schema: Schema.Struct({ id: Schema.String, from: Schema.String, to: Schema.String }),
  evolve: (data, draft, facts) => {
    const row = draft.get(locations, data.id) as LocationRow
    const path = pathUnder(draft, data.to)
    for (const level of draft.group(levels, "atLocation", data.id)) {
      moveSubtree(draft, level.sku, data.id, row.path, path)
    }
    draft.put(locations, { ...row, parent: data.to, path, position: facts.position })
    replant(draft, data.id, path)
  },
  skus: () => []
})

/** Gives everything below a location its new path. */
const replant = (draft: Draft, id: string, path: ReadonlyArray<string>): void => {
  for (const child of draft.group(locations, "byParent", id)) {
    const childPath = [id, ...path]
    draft.put(locations, { ...child, path: childPath })
    replant(draft, child.id, childPath)
  }
}

export const LocationClosed = event({
  type: "LocationClosed",
  schema: Schema.Struct({ id: Schema.String }),
  evolve: (data, draft, facts) =>
    draft.put(locations, {
      ...(draft.get(locations, data.id) as LocationRow),
      status: "closed",
      position: facts.position
    }),
  skus: () => []
})
