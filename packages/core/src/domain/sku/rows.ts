/** The SKU: what is stocked, never one thing. */
import type { Needs } from "../model/Definition.ts"
import { SkuIsRetired, UnknownSku } from "../model/Refusal.ts"
import { table, type View } from "../model/Table.ts"

/** What happens to a claim that stock does not cover: it is refused whole, or its short part becomes a backorder. */
export type ShortagePolicy = "refuse" | "backorder"

/** One SKU. */
export interface SkuRow {
  readonly id: string
  /** The host's own code, unique among SKUs that are not retired; it may change. */
  readonly code: string
  readonly status: "active" | "retired"
  readonly tracking: "none"
  /** The unit quantities count, such as `each` or `kg`. */
  readonly baseUnit: string
  /** Decimal places of the base unit: quantities count 10^-scale of it. */
  readonly scale: number
  readonly shortage: ShortagePolicy
  /** Log position of its last change. */
  readonly position: number
}

export const skus = table<SkuRow>({
  name: "skus",
  key: ["id"],
  columns: {
    id: "text",
    code: "text",
    status: "text",
    tracking: "text",
    baseUnit: "text",
    scale: "integer",
    shortage: "text",
    position: "integer"
  },
  groups: { byCode: { columns: ["code"] } }
})

/** Asks for a SKU. */
export const needSku = (needs: Needs, id: string): SkuRow | undefined => needs.row(skus, id)

/** The SKU, if it may be received or claimed. */
export const activeSku = (state: View, id: string): SkuRow | UnknownSku | SkuIsRetired => {
  const sku = state.get(skus, id)
  if (sku === undefined) return new UnknownSku({ sku: id })
  return sku.status === "retired" ? new SkuIsRetired({ sku: id }) : sku
}
