/** Reservations: soft claims on a scope that expire, and the allocations they become. */
import type { Needs } from "../model/Definition.ts"
import {
  ReservationAlreadyReleased,
  ReservationAlreadyShipped,
  ReservationExpired,
  UnknownReservation
} from "../model/Refusal.ts"
import { table, type View } from "../model/Table.ts"
import type { Place } from "../stock/Place.ts"

/** Units of a line firmly claimed at one position. */
export interface Allocation extends Place {
  readonly quantity: number
}

/** One line. `quantity` = reserved + backordered + Σ allocations + shipped + released + expired, always. */
export interface ReservationLine {
  readonly sku: string
  /** The location whose stock may serve the line: its whole subtree, or that place alone if `exactly`. */
  readonly scope: string
  readonly exactly: boolean
  /** What was asked. */
  readonly quantity: number
  /** Softly claimed. */
  readonly reserved: number
  /** Unmet demand, waiting for stock. */
  readonly backordered: number
  /** Firmly claimed, by position. */
  readonly allocations: ReadonlyArray<Allocation>
  readonly shipped: number
  readonly released: number
  readonly expired: number
  /** Of what was shipped. */
  readonly returned: number
}

/** `active` claims softly and expires; `confirmed` claims firmly; the others claim nothing any more. */
export type ReservationStatus = "active" | "confirmed" | "shipped" | "released" | "expired"

/** One reservation. Instants in epoch milliseconds. */
export interface ReservationRow {
  readonly id: string
  readonly owner: string
  readonly status: ReservationStatus
  readonly priority: number
  readonly createdAt: number
  /** From this instant on the claim is dead, recorded or not. Without meaning once confirmed. */
  readonly expiresAt: number
  /** The latest instant it can be extended to. */
  readonly extendableUntil: number
  readonly lines: ReadonlyArray<ReservationLine>
  /** Log positions of its events. */
  readonly history: ReadonlyArray<number>
  /** Log position of its last change. */
  readonly position: number
}

export const reservations = table<ReservationRow>({
  name: "reservations",
  key: ["id"],
  columns: {
    id: "text",
    owner: "text",
    status: "text",
    priority: "integer",
    createdAt: "integer",
    expiresAt: "integer",
    extendableUntil: "integer",
    lines: "json",
    history: "json",
    position: "integer"
  }
})

/** Firmly claimed units of a line. */
export const allocatedOf = (line: ReservationLine): number =>
  line.allocations.reduce((sum, allocation) => sum + allocation.quantity, 0)

/** Units of a line that still wait for something to happen to them. */
export const openOf = (line: ReservationLine): number => line.reserved + line.backordered + allocatedOf(line)

/** The reservation, or why it is not there any more. */
export const liveReservation = (
  state: View,
  id: string
):
  | ReservationRow
  | UnknownReservation
  | ReservationExpired
  | ReservationAlreadyReleased
  | ReservationAlreadyShipped => {
  const row = state.get(reservations, id)
  if (row === undefined) return new UnknownReservation({ reservation: id })
  switch (row.status) {
    case "expired":
      return new ReservationExpired({ reservation: id, expiredAt: row.expiresAt })
    case "released":
      return new ReservationAlreadyReleased({ reservation: id })
    case "shipped":
      return new ReservationAlreadyShipped({ reservation: id })
    default:
      return row
  }
}

/** Asks for a reservation. */
export const needReservation = (needs: Needs, id: string): ReservationRow | undefined => needs.row(reservations, id)
