import { Schema } from "effect"
import { event } from "../model/Definition.ts"
import { changePosition } from "../stock/levels.ts"
import { Place } from "../stock/Place.ts"
import { type HoldRow, holds } from "./rows.ts"

export const HoldPlaced = event({
  type: "HoldPlaced",
  schema: Schema.Struct({ id: Schema.String, sku: Schema.String, place: Place, quantity: Schema.Int }),
  evolve: (data, draft, facts) => {
    changePosition(draft, data.sku, data.place, { held: data.quantity }, facts.position)
    draft.put(holds, {
      id: data.id,
      sku: data.sku,
      ...data.place,
      quantity: data.quantity,
      remaining: data.quantity,
      placedAt: facts.recordedAt,
      position: facts.position
    })
  },
  skus: (data) => [data.sku]
})

export const HoldLifted = event({
  type: "HoldLifted",
  schema: Schema.Struct({ id: Schema.String, sku: Schema.String, quantity: Schema.Int, remaining: Schema.Int }),
  evolve: (data, draft, facts) => {
    const hold = draft.get(holds, data.id) as HoldRow
    changePosition(
      draft,
      hold.sku,
      { location: hold.location, lot: hold.lot, condition: hold.condition, owner: hold.owner },
      { held: -data.quantity },
      facts.position
    )
    draft.put(holds, { ...hold, remaining: data.remaining, position: facts.position })
  },
  skus: (data) => [data.sku]
})
