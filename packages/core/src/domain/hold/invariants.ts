import type { Invariant } from "../model/Definition.ts"
import { positionKey, positions, readable } from "../stock/rows.ts"
import { holds } from "./rows.ts"

/** What is held at a position is what its holds still block. */
const holdsExplainHeld: Invariant = (rows) => {
  const sums = new Map<string, number>()
  for (const hold of rows(holds)) {
    const key = positionKey(hold.sku, hold)
    sums.set(key, (sums.get(key) ?? 0) + hold.remaining)
  }
  const broken: Array<string> = []
  for (const row of rows(positions)) {
    const sum = sums.get(positionKey(row.sku, row)) ?? 0
    if (sum !== row.held)
      broken.push(`${readable(positionKey(row.sku, row))} has ${row.held} held, its holds block ${sum}`)
  }
  return broken
}

export const holdInvariants: ReadonlyArray<Invariant> = [holdsExplainHeld]
