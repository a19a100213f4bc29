/** Commands in, events or a refusal out. Pure: no clock, no randomness, no I/O. */
import { fillBackorders, needBackorders } from "./backorder/fill.ts"
import { Decision } from "./model/Decision.ts"
import type { Command, CommandDefinition, EventBody, Needs } from "./model/Definition.ts"
import type { Refusal } from "./model/Refusal.ts"
import type { View } from "./model/Table.ts"
import { type CommandName, commands } from "./registry.ts"
import { needReservationClaims, ReservationExpired } from "./reservation/events.ts"
import { reservations } from "./reservation/rows.ts"

type AnyDefinition = CommandDefinition<never, unknown> & {
  decide(command: unknown, state: View, now: number): ReadonlyArray<EventBody> | Refusal
  footprint(command: unknown, needs: Needs): void
}

const definitionOf = (type: string): AnyDefinition => commands[type as CommandName] as unknown as AnyDefinition

/**
 * What a command does to a state. `now` is epoch milliseconds. Claims that are due at `now` must have been lapsed
 * before (see {@link lapse}); the engine does so once for a batch.
 */
export const decide = (state: View, command: Command, now: number): ReadonlyArray<EventBody> | Refusal =>
  definitionOf(command.type).decide(command, state, now)

/** What has to be loaded before a command can be decided and its events evolved. */
export const footprint = (command: Command, needs: Needs): void => definitionOf(command.type).footprint(command, needs)

/** What a command answers, from its events. */
export const answer = (type: string, events: ReadonlyArray<EventBody>): unknown => definitionOf(type).answer(events)

/** Asks for what a lapsing reservation claims, and for the demand that waits for it. */
export const lapseFootprint = (reservation: string, needs: Needs): void => {
  const row = needReservationClaims(needs, reservation)
  for (const line of row?.lines ?? []) needBackorders(needs, line.sku)
}

/**
 * The expiry of one reservation, if it is due: dead from `expiresAt` on, exactly, however late this is recorded. What it
 * claimed goes to waiting demand at once. Nothing when it is not due, or not a soft claim any more.
 */
export const lapse = (state: View, reservation: string, now: number): ReadonlyArray<EventBody> => {
  const row = state.get(reservations, reservation)
  if (row === undefined || row.status !== "active" || row.expiresAt > now) return []
  const decision = new Decision(state)
  decision.emit(ReservationExpired, {
    id: row.id,
    expiredAt: row.expiresAt,
    lines: row.lines
      .map((line, index) => ({ line: index + 1, sku: line.sku, quantity: line.reserved + line.backordered }))
      .filter((line) => line.quantity > 0)
  })
  for (const sku of new Set(row.lines.map((line) => line.sku))) fillBackorders(decision, sku)
  return decision.events
}
