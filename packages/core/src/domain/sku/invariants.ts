import type { Invariant } from "../model/Definition.ts"
import { skus } from "./rows.ts"

/** No two SKUs in use share a code. */
const codesAreUnique: Invariant = (rows) => {
  const holders = new Map<string, string>()
  const broken: Array<string> = []
  for (const sku of rows(skus)) {
    if (sku.status !== "active") continue
    const other = holders.get(sku.code)
    if (other !== undefined) broken.push(`the code ${sku.code} belongs to ${other} and ${sku.id}`)
    holders.set(sku.code, sku.id)
  }
  return broken
}

export const skuInvariants: ReadonlyArray<Invariant> = [codesAreUnique]
