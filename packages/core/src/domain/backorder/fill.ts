/** Gives incoming stock to the demand that has waited longest. */
import { getLocation } from "../location/rows.ts"
import type { Decision } from "../model/Decision.ts"
import type { Needs } from "../model/Definition.ts"
import { BackorderFilled, needReservationClaims } from "../reservation/events.ts"
import { reservations } from "../reservation/rows.ts"
import { skus } from "../sku/rows.ts"
import { availableIn } from "../stock/levels.ts"
import { backorders } from "./rows.ts"

/** Asks for what {@link fillBackorders} reads. Costs nothing for SKUs whose shortages are refused. */
export const needBackorders = (needs: Needs, sku: string): void => {
  if (needs.row(skus, sku)?.shortage !== "backorder") return
  for (const row of needs.group(backorders, "openOfSku", sku)) needReservationClaims(needs, row.reservation)
}

/** Fills the open backorders of a SKU, oldest first, each as far as its own scope can promise. */
export const fillBackorders = (decision: Decision, sku: string): void => {
  const state = decision.draft
  if (state.get(skus, sku)?.shortage !== "backorder") return
  const open = [...state.group(backorders, "openOfSku", sku)].sort((a, b) => a.since - b.since || a.line - b.line)
  for (const backorder of open) {
    const line = state.get(reservations, backorder.reservation)?.lines[backorder.line - 1]
    const scope = line === undefined ? undefined : getLocation(state, line.scope)
    if (line === undefined || scope === undefined) continue
    const quantity = Math.min(backorder.quantity, availableIn(state, sku, scope, line.exactly))
    if (quantity > 0)
      decision.emit(BackorderFilled, { reservation: backorder.reservation, line: backorder.line, sku, quantity })
  }
}
