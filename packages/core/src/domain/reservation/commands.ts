/** What becomes of a claim: released, confirmed, shipped. */
import { Schema } from "effect"
import { fillBackorders, needBackorders } from "../backorder/fill.ts"
import { getLocation } from "../location/rows.ts"
import { Decision } from "../model/Decision.ts"
import { command } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { Quantity } from "../model/Quantity.ts"
import {
  InsufficientOnHand,
  InsufficientStock,
  isRefusal,
  LineExceeded,
  type Refusal,
  ReservationAlreadyConfirmed,
  ReservationBackordered,
  ReservationNotConfirmed,
  UnknownLine
} from "../model/Refusal.ts"
import { Draft, type View } from "../model/Table.ts"
import { changeClaim, emptyPosition, needPosition } from "../stock/levels.ts"
import type { Movement } from "../stock/movement.ts"
import { positionKey, positions } from "../stock/rows.ts"
import { allocate, needCandidates } from "./allocate.ts"
import { claimCommands } from "./claimCommands.ts"
import { needReservationClaims, ReservationConfirmed, ReservationReleased, ReservationShipped } from "./events.ts"
import { boundedLines } from "./lines.ts"
import {
  type Allocation,
  allocatedOf,
  liveReservation,
  openOf,
  type ReservationLine,
  type ReservationRow
} from "./rows.ts"

/** Some lines, each whole or in part. */
const LineParts = boundedLines(
  Schema.Struct({ line: Schema.Int.check(Schema.isGreaterThan(0)), quantity: Schema.optionalKey(Quantity) })
)

/** A part of a line: the line number and how much of it. */
interface Part {
  readonly line: number
  readonly quantity?: number
}

/** The parts a command names, or all lines that have something left; each with its whole rest unless it says less. */
const partsOf = (
  row: ReservationRow,
  parts: ReadonlyArray<Part> | undefined,
  action: "release" | "ship",
  remainingOf: (line: ReservationLine) => number
): ReadonlyArray<{ readonly line: number; readonly quantity: number }> | Refusal => {
  if (parts === undefined) {
    return row.lines
      .map((line, index) => ({ line: index + 1, quantity: remainingOf(line) }))
      .filter((part) => part.quantity > 0)
  }
  const wanted = new Map<number, number>()
  for (const part of parts) {
    const line = row.lines[part.line - 1]
    if (line === undefined) return new UnknownLine({ reservation: row.id, line: part.line })
    const remaining = remainingOf(line)
    const requested = (wanted.get(part.line) ?? 0) + (part.quantity ?? Math.max(1, remaining))
    if (requested > remaining) {
      return new LineExceeded({ reservation: row.id, line: part.line, action, requested, remaining })
    }
    wanted.set(part.line, requested)
  }
  return [...wanted].map(([line, quantity]) => ({ line, quantity }))
}

/** Takes a quantity from allocations, in their order. */
const takeAllocations = (allocations: ReadonlyArray<Allocation>, quantity: number): ReadonlyArray<Allocation> => {
  const taken: Array<Allocation> = []
  let missing = quantity
  for (const allocation of allocations) {
    if (missing === 0) break
    const take = Math.min(missing, allocation.quantity)
    taken.push({ ...allocation, quantity: take })
    missing -= take
  }
  return taken
}

export const reservationCommands = {
  ...claimCommands,

  /** Gives a claim back, whole or by line, soft or firm. What is backordered goes first, then soft, then firm claims. */
  release: command({
    fields: { reservation: Id, lines: Schema.optionalKey(LineParts) },
    footprint: (c, needs) => {
      const row = needReservationClaims(needs, c.reservation)
      for (const line of row?.lines ?? []) needBackorders(needs, line.sku)
    },
    decide: (c, state) => {
      const row = liveReservation(state, c.reservation)
      if (isRefusal(row)) return row
      const parts = partsOf(row, c.lines, "release", openOf)
      if (isRefusal(parts)) return parts
      const decision = new Decision(state)
      decision.emit(ReservationReleased, {
        id: row.id,
        lines: parts.map((part) => {
          const line = row.lines[part.line - 1] as ReservationLine
          const backordered = Math.min(part.quantity, line.backordered)
          const reserved = Math.min(part.quantity - backordered, line.reserved)
          const allocations = takeAllocations(line.allocations, part.quantity - backordered - reserved)
          return { line: part.line, sku: line.sku, backordered, reserved, allocations }
        })
      })
      for (const sku of new Set(row.lines.map((line) => line.sku))) fillBackorders(decision, sku)
      return decision.events
    },
    answer: (events) => {
      const released = events.find(ReservationReleased.is)
      return {
        reservation: released?.data.id ?? "",
        lines: (released?.data.lines ?? []).map((line) => ({
          line: line.line,
          sku: line.sku,
          quantity: line.backordered + line.reserved + allocatedQuantity(line.allocations)
        }))
      }
    }
  }),

  /** Turns a soft claim into a firm one that names positions and does not expire. */
  confirm: command({
    fields: { reservation: Id },
    footprint: (c, needs) => {
      const row = needReservationClaims(needs, c.reservation)
      for (const line of row?.lines ?? []) needCandidates(needs, line.sku, line.scope, line.exactly)
    },
    decide: (c, state) => {
      const row = liveReservation(state, c.reservation)
      if (isRefusal(row)) return row
      if (row.status === "confirmed") return new ReservationAlreadyConfirmed({ reservation: row.id })
      const draft = new Draft(state)
      const lines: Array<{ line: number; sku: string; allocations: ReadonlyArray<Allocation> }> = []
      for (const [index, line] of row.lines.entries()) {
        if (line.backordered > 0) {
          const { sku, backordered } = line
          return new ReservationBackordered({ reservation: row.id, line: index + 1, sku, backordered })
        }
        if (line.reserved > 0) changeClaim(draft, line.sku, line.scope, line.exactly, -line.reserved)
      }
      // A narrow claim has the fewest places to choose from, so it chooses first.
      const depth = (line: ReservationLine) =>
        line.exactly ? 1_000 : (getLocation(state, line.scope)?.path.length ?? 0)
      const order = [...row.lines.entries()].sort(([, a], [, b]) => depth(b) - depth(a))
      for (const [index, line] of order) {
        if (line.reserved === 0) continue
        const allocations = allocate(draft, line.sku, line.scope, line.exactly, line.reserved)
        const found = allocatedQuantity(allocations)
        if (found < line.reserved) {
          const { sku, scope, exactly, reserved } = line
          return new InsufficientStock({ sku, requested: reserved, available: found, scope, exactly })
        }
        lines.push({ line: index + 1, sku: line.sku, allocations })
      }
      lines.sort((a, b) => a.line - b.line)
      return [ReservationConfirmed.make({ id: row.id, lines })]
    },
    answer: (events) => {
      const confirmed = events.find(ReservationConfirmed.is)
      return { reservation: confirmed?.data.id ?? "", lines: confirmed?.data.lines ?? [] }
    }
  }),

  /** Ships what is allocated, whole or in part, whatever `available` says. */
  ship: command({
    fields: { reservation: Id, lines: Schema.optionalKey(LineParts) },
    footprint: (c, needs) => {
      const row = needReservationClaims(needs, c.reservation)
      for (const line of row?.lines ?? []) {
        for (const allocation of line.allocations) {
          needPosition(needs, line.sku, { ...allocation, location: "customer" })
        }
      }
    },
    decide: (c, state) => {
      const row = liveReservation(state, c.reservation)
      if (isRefusal(row)) return row
      if (row.status === "active") return new ReservationNotConfirmed({ reservation: row.id })
      const parts = partsOf(row, c.lines, "ship", allocatedOf)
      if (isRefusal(parts)) return parts
      const lines: Array<number> = []
      const movements: Array<Movement> = []
      const leaving = new Map<string, number>()
      for (const part of parts) {
        const line = row.lines[part.line - 1] as ReservationLine
        for (const { quantity, ...from } of takeAllocations(line.allocations, part.quantity)) {
          const short = takeOnHand(state, leaving, line.sku, from, quantity)
          if (short !== undefined) return short
          lines.push(part.line)
          movements.push({ sku: line.sku, quantity, from, to: { ...from, location: "customer" }, unitCost: null })
        }
      }
      return [ReservationShipped.make({ id: row.id, lines, movements })]
    },
    answer: (events) => {
      const shipped = events.find(ReservationShipped.is)?.data
      return {
        reservation: shipped?.id ?? "",
        lines: (shipped?.movements ?? []).map((movement, index) => ({
          line: shipped?.lines[index] ?? 0,
          sku: movement.sku,
          quantity: movement.quantity,
          from: movement.from.location
        }))
      }
    }
  })
}

const allocatedQuantity = (allocations: ReadonlyArray<Allocation>): number =>
  allocations.reduce((sum, allocation) => sum + allocation.quantity, 0)

/** Refuses to ship what a correction has taken from under an allocation. */
const takeOnHand = (
  state: View,
  leaving: Map<string, number>,
  sku: string,
  from: Omit<Allocation, "quantity">,
  quantity: number
): InsufficientOnHand | undefined => {
  const key = positionKey(sku, from)
  const { onHand } = state.get(positions, key) ?? emptyPosition(sku, from)
  const requested = (leaving.get(key) ?? 0) + quantity
  leaving.set(key, requested)
  if (requested <= onHand) return undefined
  const { location, condition, owner } = from
  return new InsufficientOnHand({ sku, location, condition, owner, requested, onHand })
}
