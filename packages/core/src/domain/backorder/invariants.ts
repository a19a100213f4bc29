import type { Invariant } from "../model/Definition.ts"
import { reservations } from "../reservation/rows.ts"
import { backorderKey, backorders } from "./rows.ts"

/** Every backorder is the unmet part of exactly one reservation line, and the other way round. */
const backordersMatchLines: Invariant = (rows) => {
  const unmet = new Map<string, number>()
  for (const reservation of rows(reservations)) {
    for (const [index, line] of reservation.lines.entries()) {
      if (line.backordered > 0) unmet.set(backorderKey(line.sku, reservation.id, index + 1), line.backordered)
    }
  }
  const broken: Array<string> = []
  for (const row of rows(backorders)) {
    const key = backorderKey(row.sku, row.reservation, row.line)
    if ((unmet.get(key) ?? 0) !== row.quantity) {
      broken.push(
        `line ${row.line} of ${row.reservation} waits for ${unmet.get(key) ?? 0}, its backorder for ${row.quantity}`
      )
    }
    unmet.delete(key)
  }
  for (const key of unmet.keys()) broken.push(`no backorder for ${key}`)
  return broken
}

export const backorderInvariants: ReadonlyArray<Invariant> = [backordersMatchLines]
