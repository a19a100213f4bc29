/** What happens to stock. Each of these events carries its movements; nothing else changes what is on hand. */
import { Schema } from "effect"
import { event } from "../model/Definition.ts"
import { type ReservationLine, reservations } from "../reservation/rows.ts"
import { applyMovement, Movement } from "./movement.ts"
import { Place } from "./Place.ts"

const moving = <const Type extends string>(type: Type) =>
  event({
    type,
    schema: Schema.Struct({ movements: Schema.Array(Movement) }),
    evolve: (data, draft, facts) =>
      data.movements.forEach((movement, seq) => applyMovement(draft, movement, seq, facts, 0)),
    skus: (data) => data.movements.map((movement) => movement.sku)
  })

/** Goods came in from a supplier or another virtual place. */
export const StockReceived = moving("StockReceived")
/** Goods went from one place to another, or changed condition or owner. */
export const StockMoved = moving("StockMoved")
/** Goods went out that no reservation had claimed. */
export const StockIssued = moving("StockIssued")
/** A correction, with its reason in the event's `reasonCode`. */
export const StockAdjusted = moving("StockAdjusted")

/** Goods came back. With a reservation, they are set against what its line shipped. */
export const StockReturned = event({
  type: "StockReturned",
  schema: Schema.Struct({
    movements: Schema.Array(Movement),
    reservation: Schema.NullOr(Schema.Struct({ id: Schema.String, line: Schema.Int }))
  }),
  evolve: (data, draft, facts) => {
    data.movements.forEach((movement, seq) => applyMovement(draft, movement, seq, facts, 0))
    if (data.reservation === null) return
    const { id, line: number } = data.reservation
    const row = draft.get(reservations, id)
    if (row === undefined) throw new Error(`return to the unknown reservation ${id}`)
    const quantity = data.movements.reduce((sum, movement) => sum + movement.quantity, 0)
    draft.put(reservations, {
      ...row,
      lines: row.lines.map(
        (line, index): ReservationLine =>
          index + 1 === number ? { ...line, returned: line.returned + quantity } : line
      ),
      history: [...row.history, facts.position],
      position: facts.position
    })
  },
  skus: (data) => data.movements.map((movement) => movement.sku)
})

/** Somebody counted a place. `movements` holds the variance, if there was one. */
export const StockCounted = event({
  type: "StockCounted",
  schema: Schema.Struct({
    sku: Schema.String,
    place: Place,
    counted: Schema.Int,
    expected: Schema.Int,
    movements: Schema.Array(Movement)
  }),
  evolve: (data, draft, facts) =>
    data.movements.forEach((movement, seq) => applyMovement(draft, movement, seq, facts, 0)),
  skus: (data) => [data.sku]
})
