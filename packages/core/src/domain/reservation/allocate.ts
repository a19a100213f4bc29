/** Chooses the positions of a firm claim. */
import { getLocation, isSellable, type LocationRow, needLocation } from "../location/rows.ts"
import type { Needs } from "../model/Definition.ts"
import type { Draft, View } from "../model/Table.ts"
import { changePosition, exactRoomOf, levelOf, needPosition, roomOf } from "../stock/levels.ts"
import { isPromisable } from "../stock/Place.ts"
import { freeOf, type PositionRow, positionKey, positions } from "../stock/rows.ts"
import type { Allocation } from "./rows.ts"

/** Whether stock at a location may serve a line. `world` spans the virtual places too, and what left is not stock. */
const mayServe = (location: LocationRow | undefined, scope: string, exactly: boolean): location is LocationRow =>
  location !== undefined &&
  isSellable(location) &&
  (location.id === scope || (!exactly && location.path.includes(scope)))

/** Asks for the positions of a SKU in a scope, and the levels above each. */
export const needCandidates = (needs: Needs, sku: string, scope: string, exactly: boolean): void => {
  for (const row of needs.group(positions, "stockOfSku", sku)) {
    const location = needLocation(needs, row.location)
    if (isPromisable(row.condition) && mayServe(location, scope, exactly)) needPosition(needs, sku, row)
  }
}

/**
 * Takes a quantity from the promisable positions of a scope, in key order, and never more from a place than claims with
 * narrower scopes leave there. Because scopes form a tree, taking greedily finds the quantity whenever those leave it.
 * Claims on the same or a wider scope do not count: they lack as much after as before, and if they lack anything, the
 * first to confirm is served and not nobody. The draft must not contain the claim itself any more. Returns what it
 * could take.
 */
export const allocate = (
  draft: Draft,
  sku: string,
  scope: string,
  exactly: boolean,
  quantity: number
): ReadonlyArray<Allocation> => {
  const taken: Array<Allocation> = []
  let missing = quantity
  for (const candidate of draft.group(positions, "stockOfSku", sku)) {
    if (missing === 0) break
    const take = Math.min(missing, takeable(draft, candidate, scope, exactly))
    if (take <= 0) continue
    const { location, lot, condition, owner } = candidate
    const place = { location, lot, condition, owner }
    changePosition(draft, sku, place, { allocated: take }, 0)
    taken.push({ ...place, quantity: take })
    missing -= take
  }
  return taken
}

const takeable = (draft: View, candidate: PositionRow, scope: string, exactly: boolean): number => {
  if (!isPromisable(candidate.condition)) return 0
  const location = getLocation(draft, candidate.location)
  if (!mayServe(location, scope, exactly)) return 0
  const free = freeOf(draft.get(positions, positionKey(candidate.sku, candidate)) ?? candidate)
  if (exactly) return free
  let least = Math.min(free, exactRoomOf(levelOf(draft, candidate.sku, location.id)))
  for (const narrower of [location.id, ...location.path]) {
    if (narrower === scope) break
    least = Math.min(least, roomOf(levelOf(draft, candidate.sku, narrower)))
  }
  return least
}
