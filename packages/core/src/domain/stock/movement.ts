/** The movement as events carry it, and what it does to positions. */
import { Schema } from "effect"
import type { EventFacts, Needs } from "../model/Definition.ts"
import type { Draft } from "../model/Table.ts"
import { changePosition, needPosition } from "./levels.ts"
import { Place } from "./Place.ts"
import { movements } from "./rows.ts"

/** Cost of one base unit: whole minor units of a currency (cents, pence). */
export const UnitCost = Schema.Struct({ amount: Schema.Int, currency: Schema.String })

/** A quantity from one position of a SKU to another. */
export const Movement = Schema.Struct({
  sku: Schema.String,
  quantity: Schema.Int,
  from: Place,
  to: Place,
  unitCost: Schema.NullOr(UnitCost)
})
export type Movement = typeof Movement.Type

/** Asks for both ends of a movement. */
export const needMovement = (needs: Needs, movement: Movement): void => {
  needPosition(needs, movement.sku, movement.from)
  needPosition(needs, movement.sku, movement.to)
}

/** Moves the units and records the movement. `allocated` of them leave the allocation they were in. */
export const applyMovement = (
  draft: Draft,
  movement: Movement,
  seq: number,
  facts: EventFacts,
  allocated: number
): void => {
  changePosition(
    draft,
    movement.sku,
    movement.from,
    allocated === 0 ? { onHand: -movement.quantity } : { onHand: -movement.quantity, allocated: -allocated },
    facts.position
  )
  changePosition(draft, movement.sku, movement.to, { onHand: movement.quantity }, facts.position)
  draft.put(movements, {
    position: facts.position,
    seq,
    sku: movement.sku,
    quantity: movement.quantity,
    fromLocation: movement.from.location,
    fromLot: movement.from.lot,
    fromCondition: movement.from.condition,
    fromOwner: movement.from.owner,
    toLocation: movement.to.location,
    toLot: movement.to.lot,
    toCondition: movement.to.condition,
    toOwner: movement.to.owner,
    unitCost: movement.unitCost?.amount ?? null,
    currency: movement.unitCost?.currency ?? null,
    effectiveAt: facts.effectiveAt,
    recordedAt: facts.recordedAt
  })
}
