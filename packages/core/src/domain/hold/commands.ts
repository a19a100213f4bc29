import { Schema } from "effect"
import { fillBackorders, needBackorders } from "../backorder/fill.ts"
import { isSellable, openLocation } from "../location/rows.ts"
import { Decision } from "../model/Decision.ts"
import { command } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { Quantity } from "../model/Quantity.ts"
import {
  HoldAlreadyLifted,
  HoldExceeded,
  HoldExists,
  InsufficientStock,
  isRefusal,
  UnknownHold,
  UnknownSku,
  WrongKindOfLocation
} from "../model/Refusal.ts"
import { skus } from "../sku/rows.ts"
import { emptyPosition, needPosition } from "../stock/levels.ts"
import { placeAt } from "../stock/Place.ts"
import { freeOf, positionKey, positions } from "../stock/rows.ts"
import { HoldLifted, HoldPlaced } from "./events.ts"
import { holds } from "./rows.ts"

export const holdCommands = {
  /**
   * Blocks a quantity at one place: quality, legal, damage. A hold takes from what is neither held nor allocated there;
   * soft claims do not stand in its way, so it can leave a reservation short, which `confirm` then reports.
   */
  placeHold: command({
    fields: {
      id: Id,
      sku: Id,
      at: Id,
      quantity: Quantity,
      condition: Schema.optionalKey(Id),
      owner: Schema.optionalKey(Id)
    },
    footprint: (c, needs) => {
      needs.fresh(holds, c.id)
      needs.row(skus, c.sku)
      needPosition(needs, c.sku, placeAt(c.at, c.condition, c.owner))
    },
    decide: (c, state) => {
      if (state.get(holds, c.id) !== undefined) return new HoldExists({ hold: c.id })
      if (state.get(skus, c.sku) === undefined) return new UnknownSku({ sku: c.sku })
      const location = openLocation(state, c.at)
      if (isRefusal(location)) return location
      if (!isSellable(location) && location.kind !== "transit") {
        return new WrongKindOfLocation({ location: c.at, kind: location.kind, needed: "a place that carries stock" })
      }
      const place = placeAt(c.at, c.condition, c.owner)
      const free = freeOf(state.get(positions, positionKey(c.sku, place)) ?? emptyPosition(c.sku, place))
      if (free < c.quantity) {
        return new InsufficientStock({ sku: c.sku, requested: c.quantity, available: free, scope: c.at, exactly: true })
      }
      return [HoldPlaced.make({ id: c.id, sku: c.sku, place, quantity: c.quantity })]
    },
    answer: (events) => {
      const held = events.find(HoldPlaced.is)
      return { hold: held?.data.id ?? "", quantity: held?.data.quantity ?? 0 }
    }
  }),

  /** Takes a hold off, or part of its quantity. Fills backorders with what it blocked. */
  liftHold: command({
    fields: { id: Id, quantity: Schema.optionalKey(Quantity) },
    footprint: (c, needs) => {
      const hold = needs.row(holds, c.id)
      if (hold === undefined) return
      needPosition(needs, hold.sku, hold)
      needBackorders(needs, hold.sku)
    },
    decide: (c, state) => {
      const hold = state.get(holds, c.id)
      if (hold === undefined) return new UnknownHold({ hold: c.id })
      if (hold.remaining === 0) return new HoldAlreadyLifted({ hold: c.id })
      const quantity = c.quantity ?? hold.remaining
      if (quantity > hold.remaining) {
        return new HoldExceeded({ hold: c.id, requested: quantity, remaining: hold.remaining })
      }
      const decision = new Decision(state)
      decision.emit(HoldLifted, { id: c.id, sku: hold.sku, quantity, remaining: hold.remaining - quantity })
      fillBackorders(decision, hold.sku)
      return decision.events
    },
    answer: (events) => {
      const lifted = events.find(HoldLifted.is)
      return {
        hold: lifted?.data.id ?? "",
        quantity: lifted?.data.quantity ?? 0,
        remaining: lifted?.data.remaining ?? 0
      }
    }
  })
}
