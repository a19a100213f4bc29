import { builtinLocations, isSellable, type LocationRow, locations } from "../location/rows.ts"
import type { Invariant } from "../model/Definition.ts"
import { reservations } from "../reservation/rows.ts"
import { emptyLevel, levelKey, type LevelRow, levels, roomOf } from "./levels.ts"
import { isPromisable } from "./Place.ts"
import { freeOf, movements, positionKey, positions, readable } from "./rows.ts"

/** Units are conserved: over every place of the world, virtual ones included, each SKU sums to zero. */
const unitsAreConserved: Invariant = (rows) => {
  const sums = new Map<string, number>()
  for (const row of rows(positions)) sums.set(row.sku, (sums.get(row.sku) ?? 0) + row.onHand)
  return [...sums].filter(([, sum]) => sum !== 0).map(([sku, sum]) => `${sku} sums to ${sum} over all positions`)
}

/** What movements brought and took is what is on hand, at every position. */
const movementsExplainOnHand: Invariant = (rows) => {
  const sums = new Map<string, number>()
  const add = (key: string, quantity: number) => sums.set(key, (sums.get(key) ?? 0) + quantity)
  for (const row of rows(movements)) {
    add(
      positionKey(row.sku, {
        location: row.fromLocation,
        lot: row.fromLot,
        condition: row.fromCondition,
        owner: row.fromOwner
      }),
      -row.quantity
    )
    add(
      positionKey(row.sku, {
        location: row.toLocation,
        lot: row.toLot,
        condition: row.toCondition,
        owner: row.toOwner
      }),
      row.quantity
    )
  }
  const broken: Array<string> = []
  for (const row of rows(positions)) {
    const key = positionKey(row.sku, row)
    const sum = sums.get(key) ?? 0
    if (sum !== row.onHand) broken.push(`${readable(key)} has ${row.onHand} on hand, its movements sum to ${sum}`)
    sums.delete(key)
  }
  for (const [key, sum] of sums) if (sum !== 0) broken.push(`${readable(key)} has no row, its movements sum to ${sum}`)
  return broken
}

/** Physical places never hold fewer than nothing, and no block or claim is negative anywhere. */
const nothingIsNegative: Invariant = (rows) => {
  const kinds = new Map<string, LocationRow>(builtinLocations)
  for (const row of rows(locations)) kinds.set(row.id, row)
  const broken: Array<string> = []
  for (const row of rows(positions)) {
    const virtual = kinds.get(row.location)?.kind === "virtual"
    if ((row.onHand < 0 && !virtual) || row.held < 0 || row.allocated < 0) {
      broken.push(
        `${readable(positionKey(row.sku, row))} has ${row.onHand} on hand, ${row.held} held, ${row.allocated} allocated`
      )
    }
  }
  for (const row of rows(levels)) {
    if (row.claimedExactly < 0 || row.claimedWithin < 0) broken.push(`negative claims on ${row.sku} at ${row.location}`)
  }
  return broken
}

/** Levels are what positions and live claims add up to. Computed here from scratch, the slow and obvious way. */
const levelsAreSums: Invariant = (rows) => {
  const places = new Map<string, LocationRow>(builtinLocations)
  for (const row of rows(locations)) places.set(row.id, row)
  const expected = new Map<string, LevelRow>()
  const change = (sku: string, location: string, by: Partial<LevelRow>) => {
    const key = levelKey(sku, location)
    const level: Record<string, unknown> = { ...(expected.get(key) ?? emptyLevel(sku, location)) }
    for (const [field, value] of Object.entries(by)) level[field] = Number(level[field]) + Number(value)
    expected.set(key, level as unknown as LevelRow)
  }
  const upwards = (location: string) => [location, ...(places.get(location)?.path ?? [])]
  for (const row of rows(positions)) {
    const place = places.get(row.location)
    if (place === undefined || !isSellable(place)) continue
    if (!isPromisable(row.condition)) {
      for (const id of upwards(row.location)) change(row.sku, id, { unsellable: row.onHand })
      continue
    }
    change(row.sku, row.location, {
      ownOnHand: row.onHand,
      ownHeld: row.held,
      ownAllocated: row.allocated,
      ownFree: Math.max(0, freeOf(row))
    })
    for (const id of upwards(row.location)) {
      change(row.sku, id, { onHand: row.onHand, held: row.held, allocated: row.allocated })
    }
  }
  for (const reservation of rows(reservations)) {
    for (const line of reservation.lines) {
      if (line.reserved === 0) continue
      change(line.sku, line.scope, line.exactly ? { claimedExactly: line.reserved } : { claimedWithin: line.reserved })
      for (const id of upwards(line.scope)) change(line.sku, id, { reserved: line.reserved })
    }
  }
  const deepestFirst = [...expected.values()].sort(
    (a, b) => (places.get(b.location)?.path.length ?? 0) - (places.get(a.location)?.path.length ?? 0)
  )
  for (const { sku, location } of deepestFirst) {
    const parent = places.get(location)?.parent
    const room = roomOf(expected.get(levelKey(sku, location)) ?? emptyLevel(sku, location))
    if (parent !== null && parent !== undefined && room > 0) change(sku, parent, { childRoom: room })
  }
  const broken: Array<string> = []
  for (const row of rows(levels)) {
    const key = levelKey(row.sku, row.location)
    const sum = expected.get(key) ?? emptyLevel(row.sku, row.location)
    for (const field of Object.keys(sum) as Array<keyof LevelRow>) {
      if (sum[field] !== row[field]) {
        broken.push(
          `${field} of ${row.sku} at ${row.location} is ${row[field]}, positions and claims add up to ${sum[field]}`
        )
      }
    }
    expected.delete(key)
  }
  for (const [key, level] of expected) {
    const { sku, location, ...figures } = level
    if (Object.values(figures).some((figure) => figure !== 0)) broken.push(`${readable(key)} has no level`)
  }
  return broken
}

export const stockInvariants: ReadonlyArray<Invariant> = [
  unitsAreConserved,
  movementsExplainOnHand,
  nothingIsNegative,
  levelsAreSums
]
