import { Schema } from "effect"
import { backorders } from "../backorder/rows.ts"
import { getLocation, needLocation, world } from "../location/rows.ts"
import { command } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { SkuCodeTaken, SkuExists, SkuInUse, isRefusal } from "../model/Refusal.ts"
import type { View } from "../model/Table.ts"
import { levelKey, levelOf, levels } from "../stock/levels.ts"
import { positions } from "../stock/rows.ts"
import { SkuCodeChanged, SkuRegistered, SkuRetired } from "./events.ts"
import { activeSku, skus } from "./rows.ts"

/** Most decimal places of a base unit. */
const scaleMax = 9

const holderOfCode = (state: View, code: string) =>
  state.group(skus, "byCode", code).find((sku) => sku.status === "active")

export const skuCommands = {
  /** Makes a SKU known. Its `id` never changes; its `code` may. */
  registerSku: command({
    fields: {
      id: Id,
      /** Default: the id. */
      code: Schema.optionalKey(Id),
      tracking: Schema.optionalKey(Schema.Literals(["none"])),
      /** What quantities count. Default: `each`. */
      baseUnit: Schema.optionalKey(Id),
      /** Decimal places of the base unit that quantities count, 0 to 9. Default: 0. */
      scale: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: scaleMax }))),
      /** What happens to a claim that stock does not cover. Default: `refuse`. */
      shortage: Schema.optionalKey(Schema.Literals(["refuse", "backorder"]))
    },
    footprint: (c, needs) => {
      needs.row(skus, c.id)
      needs.group(skus, "byCode", c.code ?? c.id)
    },
    decide: (c, state) => {
      if (state.get(skus, c.id) !== undefined) return new SkuExists({ sku: c.id })
      const code = c.code ?? c.id
      const holder = holderOfCode(state, code)
      if (holder !== undefined) return new SkuCodeTaken({ code, sku: holder.id })
      return [
        SkuRegistered.make({
          id: c.id,
          code,
          tracking: c.tracking ?? "none",
          baseUnit: c.baseUnit ?? "each",
          scale: c.scale ?? 0,
          shortage: c.shortage ?? "refuse"
        })
      ]
    },
    answer: (events) => ({ sku: events.find(SkuRegistered.is)?.data.id ?? "" })
  }),

  /** Gives a SKU another code. Claims and stock hang on its id and do not notice. */
  changeSkuCode: command({
    fields: { id: Id, code: Id },
    footprint: (c, needs) => {
      needs.row(skus, c.id)
      needs.group(skus, "byCode", c.code)
    },
    decide: (c, state) => {
      const sku = activeSku(state, c.id)
      if (isRefusal(sku)) return sku
      const holder = holderOfCode(state, c.code)
      if (holder !== undefined && holder.id !== c.id) return new SkuCodeTaken({ code: c.code, sku: holder.id })
      return [SkuCodeChanged.make({ id: c.id, from: sku.code, to: c.code })]
    },
    answer: (events) => {
      const changed = events.find(SkuCodeChanged.is)
      return { sku: changed?.data.id ?? "", code: changed?.data.to ?? "" }
    }
  }),

  /** Ends a SKU without stock or claims. Its history stays; its code becomes free. */
  retireSku: command({
    fields: { id: Id },
    footprint: (c, needs) => {
      needs.row(skus, c.id)
      needs.row(levels, levelKey(c.id, world))
      for (const row of needs.group(positions, "stockOfSku", c.id)) needLocation(needs, row.location)
      needs.group(backorders, "openOfSku", c.id)
    },
    decide: (c, state) => {
      const sku = activeSku(state, c.id)
      if (isRefusal(sku)) return sku
      const level = levelOf(state, c.id, world)
      const onHand = state
        .group(positions, "stockOfSku", c.id)
        .reduce((sum, row) => (getLocation(state, row.location)?.kind === "virtual" ? sum : sum + row.onHand), 0)
      const backordered = state.group(backorders, "openOfSku", c.id).reduce((sum, row) => sum + row.quantity, 0)
      if (onHand !== 0 || level.reserved !== 0 || level.allocated !== 0 || backordered !== 0) {
        return new SkuInUse({ sku: c.id, onHand, reserved: level.reserved + level.allocated, backordered })
      }
      return [SkuRetired.make({ id: c.id })]
    },
    answer: (events) => ({ sku: events.find(SkuRetired.is)?.data.id ?? "" })
  })
}
