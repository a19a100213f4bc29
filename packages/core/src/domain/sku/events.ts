import { Schema } from "effect"
import { event } from "../model/Definition.ts"
import { type SkuRow, skus } from "./rows.ts"

export const SkuRegistered = event({
  type: "SkuRegistered",
  schema: Schema.Struct({
    id: Schema.String,
    code: Schema.String,
    tracking: Schema.Literals(["none"]),
    baseUnit: Schema.String,
    scale: Schema.Int,
    shortage: Schema.Literals(["refuse", "backorder"])
  }),
  evolve: (data, draft, facts) => draft.put(skus, { ...data, status: "active", position: facts.position }),
  skus: (data) => [data.id]
})

export const SkuCodeChanged = event({
  type: "SkuCodeChanged",
  schema: Schema.Struct({ id: Schema.String, from: Schema.String, to: Schema.String }),
  evolve: (data, draft, facts) =>
    draft.put(skus, { ...(draft.get(skus, data.id) as SkuRow), code: data.to, position: facts.position }),
  skus: (data) => [data.id]
})

export const SkuRetired = event({
  type: "SkuRetired",
  schema: Schema.Struct({ id: Schema.String }),
  evolve: (data, draft, facts) =>
    draft.put(skus, { ...(draft.get(skus, data.id) as SkuRow), status: "retired", position: facts.position }),
  skus: (data) => [data.id]
})
