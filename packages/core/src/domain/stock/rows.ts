/** Positions, the finest stock keys, and movements, the only things that change what is on hand there. */
import { keySeparator } from "../model/Ids.ts"
import { table } from "../model/Table.ts"
import type { Place } from "./Place.ts"

/** One position: sku × location × lot × condition × owner. */
export interface PositionRow extends Place {
  readonly sku: string
  /** What a person could count there. Negative only at virtual locations, which account for the outside. */
  readonly onHand: number
  /** Blocked by holds. */
  readonly held: number
  /** Claimed firmly by confirmed reservations. */
  readonly allocated: number
  /** Log position of its last change. */
  readonly position: number
}

export const positions = table<PositionRow>({
  name: "positions",
  key: ["sku", "location", "lot", "condition", "owner"],
  columns: {
    sku: "text",
    location: "text",
    lot: "text",
    condition: "text",
    owner: "text",
    onHand: "integer",
    held: "integer",
    allocated: "integer",
    position: "integer"
  },
  groups: {
    stockOfSku: { columns: ["sku"], whereNotZero: "onHand" },
    stockAt: { columns: ["location"], whereNotZero: "onHand" }
  }
})

/** Key of a position. */
export const positionKey = (sku: string, place: Place): string =>
  sku +
  keySeparator +
  place.location +
  keySeparator +
  place.lot +
  keySeparator +
  place.condition +
  keySeparator +
  place.owner

/** A composite key for people. */
export const readable = (key: string): string => key.split(keySeparator).join(" / ")

/** Units of a position that neither a hold nor an allocation has taken. Negative when a correction went below them. */
export const freeOf = (row: PositionRow): number => row.onHand - row.held - row.allocated

/** One movement: a quantity from one position to another. */
export interface MovementRow {
  /** Log position of its event. */
  readonly position: number
  /** Its place within the event, from 0. */
  readonly seq: number
  readonly sku: string
  readonly quantity: number
  readonly fromLocation: string
  readonly fromLot: string
  readonly fromCondition: string
  readonly fromOwner: string
  readonly toLocation: string
  readonly toLot: string
  readonly toCondition: string
  readonly toOwner: string
  /** Cost of one base unit at the SKU's scale, in minor units of `currency`. */
  readonly unitCost: number | null
  readonly currency: string | null
  /** Epoch milliseconds. */
  readonly effectiveAt: number
  /** Epoch milliseconds. */
  readonly recordedAt: number
}

export const movements = table<MovementRow>({
  name: "movements",
  key: ["position", "seq"],
  columns: {
    position: "integer",
    seq: "integer",
    sku: "text",
    quantity: "integer",
    fromLocation: "text",
    fromLot: "text",
    fromCondition: "text",
    fromOwner: "text",
    toLocation: "text",
    toLot: "text",
    toCondition: "text",
    toOwner: "text",
    unitCost: "optionalInteger",
    currency: "optionalText",
    effectiveAt: "integer",
    recordedAt: "integer"
  },
  appendOnly: true
})
