/**
 * The one list of what the domain consists of. A new concept is a folder with rows, events, commands and invariants,
 * and a line in each list below.
 */
import { backorderInvariants } from "./backorder/invariants.ts"
import { backorders } from "./backorder/rows.ts"
import { holdCommands } from "./hold/commands.ts"
import { HoldLifted, HoldPlaced } from "./hold/events.ts"
import { holdInvariants } from "./hold/invariants.ts"
import { holds } from "./hold/rows.ts"
import { locationCommands } from "./location/commands.ts"
import { LocationClosed, LocationRegistered, LocationReparented } from "./location/events.ts"
import { locationInvariants } from "./location/invariants.ts"
import { locations } from "./location/rows.ts"
import { RowsRebuilt } from "./log/events.ts"
import type { EventDefinition, Invariant } from "./model/Definition.ts"
import type { Row, Table } from "./model/Table.ts"
import { reservationCommands } from "./reservation/commands.ts"
import {
  BackorderFilled,
  ReservationConfirmed,
  ReservationExpired,
  ReservationExtended,
  ReservationMade,
  ReservationReleased,
  ReservationShipped
} from "./reservation/events.ts"
import { reservationInvariants } from "./reservation/invariants.ts"
import { reservations } from "./reservation/rows.ts"
import { skuCommands } from "./sku/commands.ts"
import { SkuCodeChanged, SkuRegistered, SkuRetired } from "./sku/events.ts"
import { skuInvariants } from "./sku/invariants.ts"
import { skus } from "./sku/rows.ts"
import { stockCommands } from "./stock/commands.ts"
import { StockAdjusted, StockCounted, StockIssued, StockMoved, StockReceived, StockReturned } from "./stock/events.ts"
import { stockInvariants } from "./stock/invariants.ts"
import { levels } from "./stock/levels.ts"
import { movements, positions } from "./stock/rows.ts"

/** Every command by its name, which is also the name of the method on both faces. */
export const commands = {
  ...skuCommands,
  ...locationCommands,
  ...stockCommands,
  ...holdCommands,
  ...reservationCommands
}
export type Commands = typeof commands
export type CommandName = keyof Commands

/** What a caller may write for a command. */
export type CommandInput<N extends CommandName> = Commands[N]["schema"]["Encoded"]
/** What a command answers, besides its receipt. */
export type CommandAnswer<N extends CommandName> = ReturnType<Commands[N]["answer"]>

/** Every event. */
export const events: ReadonlyArray<EventDefinition<never>> = [
  SkuRegistered,
  SkuCodeChanged,
  SkuRetired,
  LocationRegistered,
  LocationReparented,
  LocationClosed,
  StockReceived,
  StockMoved,
  StockIssued,
  StockReturned,
  StockAdjusted,
  StockCounted,
  HoldPlaced,
  HoldLifted,
  ReservationMade,
  ReservationExtended,
  ReservationReleased,
  ReservationExpired,
  ReservationConfirmed,
  ReservationShipped,
  BackorderFilled,
  RowsRebuilt
] as unknown as ReadonlyArray<EventDefinition<never>>

/** Every table of the state. */
export const tables: ReadonlyArray<Table<Row>> = [
  skus,
  locations,
  levels,
  positions,
  movements,
  holds,
  reservations,
  backorders
] as unknown as ReadonlyArray<Table<Row>>

/** Every law that the rows must satisfy. */
export const invariants: ReadonlyArray<Invariant> = [
  ...skuInvariants,
  ...locationInvariants,
  ...stockInvariants,
  ...holdInvariants,
  ...reservationInvariants,
  ...backorderInvariants
]
