import { Schema } from "effect"
import { backorderKey, backorders } from "../backorder/rows.ts"
import { fillBackorders, needBackorders } from "../backorder/fill.ts"
import { getLocation, isSellable, openLocation, world } from "../location/rows.ts"
import { Decision } from "../model/Decision.ts"
import { command } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { Quantity } from "../model/Quantity.ts"
import {
  ExpiryBeyondCap,
  ExpiryTooEarly,
  InsufficientOnHand,
  InsufficientStock,
  isRefusal,
  LineExceeded,
  QuantityOverflow,
  type Refusal,
  ReservationAlreadyConfirmed,
  ReservationBackordered,
  ReservationExists,
  ReservationNotConfirmed,
  UnknownLine,
  WrongKindOfLocation
} from "../model/Refusal.ts"
import { Draft, type View } from "../model/Table.ts"
import { DurationInput, InstantInput, toDurationMs, toInstant } from "../model/Time.ts"
import { activeSku, needSku } from "../sku/rows.ts"
import { availableIn, changeClaim, emptyPosition, needLevels, needPosition } from "../stock/levels.ts"
import type { Movement } from "../stock/movement.ts"
import { positionKey, positions } from "../stock/rows.ts"
import { allocate, needCandidates } from "./allocate.ts"
import {
  needReservationClaims,
  ReservationConfirmed,
  ReservationExtended,
  ReservationMade,
  ReservationReleased,
  ReservationShipped
} from "./events.ts"
import { type Allocation, allocatedOf, liveReservation, openOf, type ReservationLine, type ReservationRow, reservations } from "./rows.ts"

/** Most lines of one reservation. */
export const linesMax = 5_000

/** How long a reservation can be extended to live when the caller does not say: 24 hours after it was made. */
const lifetimeMsDefault = 24 * 3_600_000

const Line = Schema.Struct({
  sku: Id,
  quantity: Quantity,
  /** Stock anywhere in this subtree may serve the line. Default: `world`. */
  within: Schema.optionalKey(Id),
  /** Only stock at this very place may serve the line. */
  exactly: Schema.optionalKey(Id)
})

const boundedLines = <S extends Schema.Top>(line: S) =>
  Schema.Array(line).check(
    Schema.makeFilter((lines: ReadonlyArray<unknown>) =>
      lines.length === 0
        ? "must have at least 1 line"
        : lines.length > linesMax
          ? `must have at most ${linesMax} lines, got ${lines.length}`
          : undefined
    )
  )

/** Some lines, each whole or in part. */
const LineParts = boundedLines(
  Schema.Struct({ line: Schema.Int.check(Schema.isGreaterThan(0)), quantity: Schema.optionalKey(Quantity) })
)

const expiryFields = {
  /** How long from now: `"15 minutes"` or milliseconds. */
  expiresIn: Schema.optionalKey(DurationInput),
  /** The instant. Exactly one of `expiresIn` and `expiresAt` is needed. */
  expiresAt: Schema.optionalKey(InstantInput)
}

interface Expiry {
  readonly expiresIn?: DurationInput
  readonly expiresAt?: InstantInput
}

const checkExpiry = (c: Expiry): readonly [string, string] | undefined =>
  c.expiresIn === undefined && c.expiresAt === undefined
    ? ["expiresIn", "is needed, unless expiresAt is given"]
    : c.expiresIn !== undefined && c.expiresAt !== undefined
      ? ["expiresAt", "must not be given together with expiresIn"]
      : undefined

const expiryOf = (c: Expiry, now: number): number =>
  c.expiresAt !== undefined ? toInstant(c.expiresAt) : now + toDurationMs(c.expiresIn ?? Number.NaN)

const scopeOf = (line: typeof Line.Type): { scope: string; exactly: boolean } =>
  line.exactly !== undefined ? { scope: line.exactly, exactly: true } : { scope: line.within ?? world, exactly: false }

/** The lines, claimed one after the other on a draft, so that a SKU named twice is judged on the sum. */
const claimLines = (state: View, lines: ReadonlyArray<typeof Line.Type>) => {
  const draft = lines.length === 1 ? undefined : new Draft(state)
  const claimed: Array<{ sku: string; scope: string; exactly: boolean; quantity: number; backordered: number }> = []
  for (const line of lines) {
    const sku = activeSku(state, line.sku)
    if (isRefusal(sku)) return sku
    const { scope, exactly } = scopeOf(line)
    const location = openLocation(state, scope)
    if (isRefusal(location)) return location
    if (!isSellable(location) && (exactly || location.kind !== "world")) {
      return new WrongKindOfLocation({ location: scope, kind: location.kind, needed: "a site, zone or bin" })
    }
    const available = availableIn(draft ?? state, line.sku, location, exactly)
    if (available < line.quantity && sku.shortage === "refuse") {
      const before = claimed.reduce(
        (sum, other) =>
          other.sku === line.sku && other.scope === scope && other.exactly === exactly ? sum + other.quantity : sum,
        0
      )
      return new InsufficientStock({
        sku: line.sku,
        requested: before + line.quantity,
        available: before + available,
        scope,
        exactly
      })
    }
    const reserved = Math.min(line.quantity, Math.max(0, available))
    if (draft !== undefined && reserved > 0) changeClaim(draft, line.sku, scope, exactly, reserved)
    claimed.push({ sku: line.sku, scope, exactly, quantity: line.quantity, backordered: line.quantity - reserved })
  }
  return claimed
}

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

/** What a reservation looks like to its owner after a command. */
const answerMade = (data: typeof ReservationMade extends { make(data: infer D): unknown } ? D : never) => ({
  reservation: data.id,
  /** Epoch milliseconds. */
  expiresAt: data.expiresAt,
  /** The latest instant it can be extended to, epoch milliseconds. */
  extendableUntil: data.extendableUntil,
  lines: data.lines.map((line, index) => ({
    line: index + 1,
    sku: line.sku,
    quantity: line.quantity,
    reserved: line.quantity - line.backordered,
    backordered: line.backordered
  }))
})

export const reservationCommands = {
  /**
   * Claims stock softly until it expires: all lines or none. A SKU on several lines is judged on the sum. SKUs whose
   * shortage policy is `backorder` are claimed as far as stock goes, and the rest waits.
   */
  reserve: command({
    fields: {
      id: Id,
      owner: Id,
      lines: boundedLines(Line),
      ...expiryFields,
      /** How long it can live with extensions, from now. Default: 24 hours, or `expiresIn` if that is longer. */
      extendableFor: Schema.optionalKey(DurationInput),
      priority: Schema.optionalKey(Schema.Int)
    },
    check: (c) => {
      const index = c.lines.findIndex((line) => line.within !== undefined && line.exactly !== undefined)
      return index >= 0
        ? [`lines.${index}.exactly`, "must not be given together with within"]
        : checkExpiry(c)
    },
    footprint: (c, needs) => {
      needs.row(reservations, c.id)
      for (const [index, line] of c.lines.entries()) {
        const sku = needSku(needs, line.sku)
        needLevels(needs, line.sku, scopeOf(line).scope)
        if (sku?.shortage === "backorder") needs.row(backorders, backorderKey(line.sku, c.id, index + 1))
      }
    },
    decide: (c, state, now) => {
      if (state.get(reservations, c.id) !== undefined) return new ReservationExists({ reservation: c.id })
      const expiresAt = expiryOf(c, now)
      if (expiresAt <= now) return new ExpiryTooEarly({ reservation: c.id, expiresAt, mustBeAfter: now })
      const lines = claimLines(state, c.lines)
      if (isRefusal(lines)) return lines
      const overflowing = backorderOverflow(lines)
      if (overflowing !== undefined) return overflowing
      const lifetime = c.extendableFor === undefined ? lifetimeMsDefault : toDurationMs(c.extendableFor)
      return [
        ReservationMade.make({
          id: c.id,
          owner: c.owner,
          priority: c.priority ?? 0,
          expiresAt,
          extendableUntil: Math.max(expiresAt, now + lifetime),
          lines
        })
      ]
    },
    answer: (events) => {
      const made = events.find(ReservationMade.is)
      if (made === undefined) throw new Error("a reserve command without its event")
      return answerMade(made.data)
    }
  }),

  /** Lets a soft claim live longer, up to its cap. A lapsed one cannot be revived. */
  extend: command({
    fields: { reservation: Id, ...expiryFields },
    check: checkExpiry,
    footprint: (c, needs) => {
      needs.row(reservations, c.reservation)
    },
    decide: (c, state, now) => {
      const row = liveReservation(state, c.reservation)
      if (isRefusal(row)) return row
      if (row.status === "confirmed") return new ReservationAlreadyConfirmed({ reservation: row.id })
      const expiresAt = expiryOf(c, now)
      const mustBeAfter = Math.max(now, row.expiresAt)
      if (expiresAt <= mustBeAfter) return new ExpiryTooEarly({ reservation: row.id, expiresAt, mustBeAfter })
      if (expiresAt > row.extendableUntil) {
        return new ExpiryBeyondCap({ reservation: row.id, expiresAt, extendableUntil: row.extendableUntil })
      }
      return [ReservationExtended.make({ id: row.id, from: row.expiresAt, expiresAt })]
    },
    answer: (events) => {
      const extended = events.find(ReservationExtended.is)
      return { reservation: extended?.data.id ?? "", expiresAt: extended?.data.expiresAt ?? 0 }
    }
  }),

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
      const depth = (line: ReservationLine) => (line.exactly ? 1_000 : (getLocation(state, line.scope)?.path.length ?? 0))
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

/** Several backordered lines of one SKU must add up to something that can be counted exactly. */
const backorderOverflow = (
  lines: ReadonlyArray<{ readonly sku: string; readonly quantity: number; readonly backordered: number }>
): QuantityOverflow | undefined => {
  let sum = 0
  for (const line of lines) {
    if (line.backordered === 0) continue
    if (sum > Number.MAX_SAFE_INTEGER - line.quantity) {
      return new QuantityOverflow({ sku: line.sku, quantity: line.quantity, balance: sum })
    }
    sum += line.quantity
  }
  return undefined
}

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
