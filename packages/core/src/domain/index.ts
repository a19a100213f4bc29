/** The domain: pure values and functions. The only place that knows a business rule. */
export * from "./availability.ts"
export { type BackorderRow, backorders } from "./backorder/rows.ts"
export * from "./codec.ts"
export * from "./decide.ts"
export * from "./evolve.ts"
export { RowsRebuilt } from "./log/events.ts"
export { type HoldRow, holds } from "./hold/rows.ts"
export {
  builtinLocations,
  getLocation,
  isSellable,
  type LocationKind,
  type LocationRow,
  locations,
  needLocation,
  world
} from "./location/rows.ts"
export { type Command, type EventBody, type EventFacts, type Needs, ownCommandPrefix } from "./model/Definition.ts"
export type { Event, EventMeta } from "./model/Event.ts"
export { idLengthMax, idProblem, keySeparator } from "./model/Ids.ts"
export { quantityMax } from "./model/Quantity.ts"
export * from "./model/Refusal.ts"
export * from "./model/Table.ts"
export {
  type CommandAnswer,
  type CommandInput,
  type CommandName,
  type Commands,
  commands,
  events,
  invariants,
  tables
} from "./registry.ts"
export { linesMax } from "./reservation/lines.ts"
export {
  type Allocation,
  type ReservationLine,
  type ReservationRow,
  type ReservationStatus,
  reservations
} from "./reservation/rows.ts"
export { type SkuRow, skus } from "./sku/rows.ts"
export { type LevelRow, levels } from "./stock/levels.ts"
export type { Movement } from "./stock/movement.ts"
export { isPromisable, type Place } from "./stock/Place.ts"
export { type MovementRow, movements, type PositionRow, positions } from "./stock/rows.ts"
export { violations, World } from "./World.ts"
