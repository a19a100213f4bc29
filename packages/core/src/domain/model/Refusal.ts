/**
 * Every way the domain can say no. A refusal is a value with the facts a caller needs to act, and a message that a
 * support person understands. It is also an `Error`, so the Promise face rejects with the very same object.
 */
import { Data } from "effect"

/** A quantity was asked for where fewer can be promised. `scope` is the place asked, and `claimed` where it was asked exactly. */
export class InsufficientStock extends Data.TaggedError("InsufficientStock")<{
  readonly sku: string
  /** What the whole command asks of this SKU in this scope, up to and including the line that failed. */
  readonly requested: number
  readonly available: number
  readonly scope: string
  readonly exactly: boolean
}> {
  override get message() {
    return `${this.requested} of ${this.sku} asked ${this.exactly ? "exactly at" : "within"} ${this.scope}, ${this.available} available`
  }
}

/** More was to be taken from one position than a person could count there. */
export class InsufficientOnHand extends Data.TaggedError("InsufficientOnHand")<{
  readonly sku: string
  readonly location: string
  readonly condition: string
  readonly owner: string
  readonly requested: number
  readonly onHand: number
}> {
  override get message() {
    return `${this.requested} of ${this.sku} to be taken from ${this.location}, but only ${this.onHand} are on hand there`
  }
}

/** A balance would pass 2^53 − 1 and stop being exact. */
export class QuantityOverflow extends Data.TaggedError("QuantityOverflow")<{
  readonly sku: string
  readonly quantity: number
  readonly balance: number
}> {
  override get message() {
    return `adding ${this.quantity} of ${this.sku} to a balance of ${this.balance} would exceed what can be counted exactly`
  }
}

export class UnknownSku extends Data.TaggedError("UnknownSku")<{ readonly sku: string }> {
  override get message() {
    return `no SKU has the id ${this.sku}`
  }
}
export class SkuExists extends Data.TaggedError("SkuExists")<{ readonly sku: string }> {
  override get message() {
    return `a SKU with the id ${this.sku} exists already`
  }
}
export class SkuCodeTaken extends Data.TaggedError("SkuCodeTaken")<{ readonly code: string; readonly sku: string }> {
  override get message() {
    return `the code ${this.code} belongs to the SKU ${this.sku}`
  }
}
export class SkuIsRetired extends Data.TaggedError("SkuIsRetired")<{ readonly sku: string }> {
  override get message() {
    return `the SKU ${this.sku} is retired`
  }
}
/** A SKU with stock or claims cannot be retired. */
export class SkuInUse extends Data.TaggedError("SkuInUse")<{
  readonly sku: string
  readonly onHand: number
  readonly reserved: number
  readonly backordered: number
}> {
  override get message() {
    return `the SKU ${this.sku} still has ${this.onHand} on hand, ${this.reserved} reserved and ${this.backordered} backordered`
  }
}

export class UnknownLocation extends Data.TaggedError("UnknownLocation")<{ readonly location: string }> {
  override get message() {
    return `no location has the id ${this.location}`
  }
}
export class LocationExists extends Data.TaggedError("LocationExists")<{ readonly location: string }> {
  override get message() {
    return `a location with the id ${this.location} exists already`
  }
}
export class LocationIsClosed extends Data.TaggedError("LocationIsClosed")<{ readonly location: string }> {
  override get message() {
    return `the location ${this.location} is closed`
  }
}
/** The tree of locations does not allow this parent. */
export class InvalidParent extends Data.TaggedError("InvalidParent")<{
  readonly location: string
  readonly parent: string
  readonly reason: string
}> {
  override get message() {
    return `${this.location} cannot be placed under ${this.parent}: ${this.reason}`
  }
}
/** A location with open children, stock or claims cannot be closed. */
export class LocationInUse extends Data.TaggedError("LocationInUse")<{
  readonly location: string
  /** The open child, or the SKU that is still stocked or claimed there. */
  readonly by: string
  readonly reason: "children" | "stock" | "claims"
}> {
  override get message() {
    return `the location ${this.location} is still in use (${this.reason}: ${this.by})`
  }
}
/** Goods or claims were addressed to a place that cannot carry them. */
export class WrongKindOfLocation extends Data.TaggedError("WrongKindOfLocation")<{
  readonly location: string
  readonly kind: string
  readonly needed: string
}> {
  override get message() {
    return `${this.location} is a ${this.kind} location; this needs ${this.needed}`
  }
}
/** Moving a part of the tree would leave claims without the stock they count on. */
export class ClaimsWouldBreak extends Data.TaggedError("ClaimsWouldBreak")<{
  readonly location: string
  readonly sku: string
  readonly scope: string
  readonly missing: number
}> {
  override get message() {
    return `moving ${this.location} would leave claims on ${this.sku} within ${this.scope} short of ${this.missing}`
  }
}

export class UnknownHold extends Data.TaggedError("UnknownHold")<{ readonly hold: string }> {
  override get message() {
    return `no hold has the id ${this.hold}`
  }
}
export class HoldExists extends Data.TaggedError("HoldExists")<{ readonly hold: string }> {
  override get message() {
    return `a hold with the id ${this.hold} exists already`
  }
}
export class HoldAlreadyLifted extends Data.TaggedError("HoldAlreadyLifted")<{ readonly hold: string }> {
  override get message() {
    return `the hold ${this.hold} is lifted already`
  }
}
export class HoldExceeded extends Data.TaggedError("HoldExceeded")<{
  readonly hold: string
  readonly requested: number
  readonly remaining: number
}> {
  override get message() {
    return `${this.requested} to be lifted from the hold ${this.hold}, which still holds ${this.remaining}`
  }
}

export class UnknownReservation extends Data.TaggedError("UnknownReservation")<{ readonly reservation: string }> {
  override get message() {
    return `no reservation has the id ${this.reservation}`
  }
}
export class ReservationExists extends Data.TaggedError("ReservationExists")<{ readonly reservation: string }> {
  override get message() {
    return `a reservation with the id ${this.reservation} exists already`
  }
}
/** The reservation lapsed at `expiredAt` (epoch milliseconds). */
export class ReservationExpired extends Data.TaggedError("ReservationExpired")<{
  readonly reservation: string
  readonly expiredAt: number
}> {
  override get message() {
    return `the reservation ${this.reservation} expired at ${new Date(this.expiredAt).toISOString()}`
  }
}
export class ReservationAlreadyReleased extends Data.TaggedError("ReservationAlreadyReleased")<{
  readonly reservation: string
}> {
  override get message() {
    return `the reservation ${this.reservation} is released already`
  }
}
export class ReservationAlreadyShipped extends Data.TaggedError("ReservationAlreadyShipped")<{
  readonly reservation: string
}> {
  override get message() {
    return `everything of the reservation ${this.reservation} is shipped or released already`
  }
}
export class ReservationAlreadyConfirmed extends Data.TaggedError("ReservationAlreadyConfirmed")<{
  readonly reservation: string
}> {
  override get message() {
    return `the reservation ${this.reservation} is confirmed already`
  }
}
export class ReservationNotConfirmed extends Data.TaggedError("ReservationNotConfirmed")<{
  readonly reservation: string
}> {
  override get message() {
    return `the reservation ${this.reservation} has to be confirmed before it can ship`
  }
}
/** Part of the reservation is still unmet demand; confirm after it is filled, or release that part. */
export class ReservationBackordered extends Data.TaggedError("ReservationBackordered")<{
  readonly reservation: string
  readonly line: number
  readonly sku: string
  readonly backordered: number
}> {
  override get message() {
    return `${this.backordered} of ${this.sku} on line ${this.line} of the reservation ${this.reservation} are still backordered`
  }
}
export class UnknownLine extends Data.TaggedError("UnknownLine")<{
  readonly reservation: string
  readonly line: number
}> {
  override get message() {
    return `the reservation ${this.reservation} has no line ${this.line}`
  }
}
/** More was to be released, shipped or returned than a line has left for it. */
export class LineExceeded extends Data.TaggedError("LineExceeded")<{
  readonly reservation: string
  readonly line: number
  readonly action: "release" | "ship" | "return"
  readonly requested: number
  readonly remaining: number
}> {
  override get message() {
    return `line ${this.line} of the reservation ${this.reservation} has ${this.remaining} left to ${this.action}, ${this.requested} asked`
  }
}
/** An expiry was asked for that is not in the future, or not later than the present one. Instants in epoch milliseconds. */
export class ExpiryTooEarly extends Data.TaggedError("ExpiryTooEarly")<{
  readonly reservation: string
  readonly expiresAt: number
  readonly mustBeAfter: number
}> {
  override get message() {
    return `the reservation ${this.reservation} cannot expire at ${new Date(this.expiresAt).toISOString()}: it must be after ${new Date(this.mustBeAfter).toISOString()}`
  }
}
/** A reservation can live until `extendableUntil` (epoch milliseconds) at most. */
export class ExpiryBeyondCap extends Data.TaggedError("ExpiryBeyondCap")<{
  readonly reservation: string
  readonly expiresAt: number
  readonly extendableUntil: number
}> {
  override get message() {
    return `the reservation ${this.reservation} can be extended until ${new Date(this.extendableUntil).toISOString()} at most`
  }
}

/** Every refusal the domain can give. */
export type Refusal =
  | InsufficientStock
  | InsufficientOnHand
  | QuantityOverflow
  | UnknownSku
  | SkuExists
  | SkuCodeTaken
  | SkuIsRetired
  | SkuInUse
  | UnknownLocation
  | LocationExists
  | LocationIsClosed
  | InvalidParent
  | LocationInUse
  | WrongKindOfLocation
  | ClaimsWouldBreak
  | UnknownHold
  | HoldExists
  | HoldAlreadyLifted
  | HoldExceeded
  | UnknownReservation
  | ReservationExists
  | ReservationExpired
  | ReservationAlreadyReleased
  | ReservationAlreadyShipped
  | ReservationAlreadyConfirmed
  | ReservationNotConfirmed
  | ReservationBackordered
  | UnknownLine
  | LineExceeded
  | ExpiryTooEarly
  | ExpiryBeyondCap

/** Whether a decision is a refusal. */
export const isRefusal = (value: unknown): value is Refusal => value instanceof Error
