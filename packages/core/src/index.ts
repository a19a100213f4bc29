/**
 * `@holdfast/core`: an embeddable, headless inventory engine. Start with {@link openInventory}.
 */
export type {
  Allocation,
  Availability,
  CommandInput,
  CommandName,
  Event,
  EventMeta,
  LocationKind,
  Movement,
  Place,
  Refusal,
  ReservationLine,
  ReservationRow,
  ReservationStatus,
  Scope
} from "./domain/index.ts"
export { InvalidCommand } from "./domain/codec.ts"
export * from "./domain/model/Refusal.ts"
export type {
  EngineOptions,
  Explanation,
  Progress,
  Reason,
  Receipt,
  SubscribeOptions,
  Term,
  Verification
} from "./engine/index.ts"
export { memory } from "./memory/MemoryJournal.ts"
export * from "./ports/errors.ts"
export { type Head, HeadMoved, type JournalProvider } from "./ports/Journal.ts"
export {
  type CommandMethods,
  type Inventory,
  type InventoryOptions,
  openInventory,
  type Where
} from "./promise/Inventory.ts"
export type { OpenTelemetryApi } from "./promise/openTelemetry.ts"
