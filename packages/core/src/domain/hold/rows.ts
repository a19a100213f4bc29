/** Holds: supply-side blocks. Never a cart's claim. */
import { table } from "../model/Table.ts"
import type { Place } from "../stock/Place.ts"

/** A block on a quantity at one position. */
export interface HoldRow extends Place {
  readonly id: string
  readonly sku: string
  /** As placed. */
  readonly quantity: number
  /** Still blocked; 0 once it is lifted. */
  readonly remaining: number
  readonly placedAt: number
  /** Log position of its last change. */
  readonly position: number
}

export const holds = table<HoldRow>({
  name: "holds",
  key: ["id"],
  columns: {
    id: "text",
    sku: "text",
    location: "text",
    lot: "text",
    condition: "text",
    owner: "text",
    quantity: "integer",
    remaining: "integer",
    placedAt: "integer",
    position: "integer"
  },
  groups: { openOfSku: { columns: ["sku"], whereNotZero: "remaining" } }
})
