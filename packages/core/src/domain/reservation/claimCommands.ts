/** Making a soft claim, and keeping it alive. */
import { Schema } from "effect"
import { backorderKey, backorders } from "../backorder/rows.ts"
import { isSellable, openLocation, world } from "../location/rows.ts"
import { command } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { Quantity } from "../model/Quantity.ts"
import {
  ExpiryBeyondCap,
  ExpiryTooEarly,
  InsufficientStock,
  isRefusal,
  QuantityOverflow,
  ReservationAlreadyConfirmed,
  ReservationExists,
  WrongKindOfLocation
} from "../model/Refusal.ts"
import { Draft, type View } from "../model/Table.ts"
import { DurationMs, Instant } from "../model/Time.ts"
import { activeSku, needSku } from "../sku/rows.ts"
import { availableIn, changeClaim, needLevels } from "../stock/levels.ts"
import { ReservationExtended, ReservationMade } from "./events.ts"
import { boundedLines } from "./lines.ts"
import { liveReservation, reservations } from "./rows.ts"

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

const expiryFields = {
  /** How long from now: `"15 minutes"` or milliseconds. */
  expiresIn: Schema.optionalKey(DurationMs),
  /** The instant. Exactly one of `expiresIn` and `expiresAt` is needed. */
  expiresAt: Schema.optionalKey(Instant)
}

interface Expiry {
  readonly expiresIn?: number
  readonly expiresAt?: number
}

const checkExpiry = (c: Expiry): readonly [string, string] | undefined =>
  c.expiresIn === undefined && c.expiresAt === undefined
    ? ["expiresIn", "is needed, unless expiresAt is given"]
    : c.expiresIn !== undefined && c.expiresAt !== undefined
      ? ["expiresAt", "must not be given together with expiresIn"]
      : undefined

const expiryOf = (c: Expiry, now: number): number => c.expiresAt ?? now + (c.expiresIn ?? Number.NaN)

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

export const claimCommands = {
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
      extendableFor: Schema.optionalKey(DurationMs),
      priority: Schema.optionalKey(Schema.Int)
    },
    check: (c) => {
      const index = c.lines.findIndex((line) => line.within !== undefined && line.exactly !== undefined)
      return index >= 0 ? [`lines.${index}.exactly`, "must not be given together with within"] : checkExpiry(c)
    },
    footprint: (c, needs) => {
      needs.fresh(reservations, c.id)
      for (const [index, line] of c.lines.entries()) {
        const sku = needSku(needs, line.sku)
        needLevels(needs, line.sku, scopeOf(line).scope)
        if (sku?.shortage === "backorder") needs.fresh(backorders, backorderKey(line.sku, c.id, index + 1))
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
      const lifetime = c.extendableFor ?? lifetimeMsDefault
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
  })
}

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
