import type { Invariant } from "../model/Definition.ts"
import { positionKey, positions, readable } from "../stock/rows.ts"
import { openOf, reservations } from "./rows.ts"

/** Firm claims of reservations are what positions say is allocated. */
const allocationsAreClaimed: Invariant = (rows) => {
  const sums = new Map<string, number>()
  for (const reservation of rows(reservations)) {
    for (const line of reservation.lines) {
      for (const allocation of line.allocations) {
        const key = positionKey(line.sku, allocation)
        sums.set(key, (sums.get(key) ?? 0) + allocation.quantity)
      }
    }
  }
  const broken: Array<string> = []
  for (const row of rows(positions)) {
    const sum = sums.get(positionKey(row.sku, row)) ?? 0
    if (sum !== row.allocated) {
      broken.push(`${readable(positionKey(row.sku, row))} has ${row.allocated} allocated, reservations claim ${sum}`)
    }
  }
  return broken
}

/** Nothing of a line is lost, and what is over claims nothing. */
const linesAddUp: Invariant = (rows) => {
  const broken: Array<string> = []
  for (const reservation of rows(reservations)) {
    const over = reservation.status !== "active" && reservation.status !== "confirmed"
    for (const [index, line] of reservation.lines.entries()) {
      const sum = openOf(line) + line.shipped + line.released + line.expired
      if (sum !== line.quantity)
        broken.push(`line ${index + 1} of ${reservation.id} adds up to ${sum}, not ${line.quantity}`)
      if (over && openOf(line) !== 0)
        broken.push(`${reservation.id} is ${reservation.status} but line ${index + 1} still claims`)
      if (line.returned > line.shipped)
        broken.push(`more was returned on line ${index + 1} of ${reservation.id} than shipped`)
    }
  }
  return broken
}

export const reservationInvariants: ReadonlyArray<Invariant> = [allocationsAreClaimed, linesAddUp]
