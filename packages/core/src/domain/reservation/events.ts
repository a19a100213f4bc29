/** What happens to reservations. Every event says in full what it changes, so that evolving never has to decide. */
import { Schema } from "effect"
import { type BackorderRow, backorderKey, backorders } from "../backorder/rows.ts"
import { event, type EventFacts, type Needs } from "../model/Definition.ts"
import type { Draft } from "../model/Table.ts"
import { changeClaim, changePosition, needLevels, needPosition } from "../stock/levels.ts"
import { applyMovement, Movement } from "../stock/movement.ts"
import { Place, samePlace } from "../stock/Place.ts"
import { type Allocation, openOf, type ReservationLine, type ReservationRow, reservations } from "./rows.ts"

const AllocationSchema = Schema.Struct({ ...Place.fields, quantity: Schema.Int })

const reservationOf = (draft: Draft, id: string): ReservationRow => {
  const row = draft.get(reservations, id)
  if (row === undefined) throw new Error(`event of the unknown reservation ${id}`)
  return row
}

/** Changes lines by number (from 1), and the status when nothing is left open. */
const changeLines = (
  draft: Draft,
  row: ReservationRow,
  changes: ReadonlyMap<number, ReservationLine>,
  status: ReservationRow["status"],
  facts: EventFacts
): void => {
  const lines = row.lines.map((line, index) => changes.get(index + 1) ?? line)
  draft.put(reservations, {
    ...row,
    lines,
    status,
    history: [...row.history, facts.position],
    position: facts.position
  })
}

const isDone = (row: ReservationRow, changes: ReadonlyMap<number, ReservationLine>): boolean =>
  row.lines.every((line, index) => openOf(changes.get(index + 1) ?? line) === 0)

const lineOf = (row: ReservationRow, number: number): ReservationLine => {
  const line = row.lines[number - 1]
  if (line === undefined) throw new Error(`event of the unknown line ${number} of the reservation ${row.id}`)
  return line
}

/** Takes quantities out of allocations, place by place. */
const withoutAllocations = (
  allocations: ReadonlyArray<Allocation>,
  taken: ReadonlyArray<Allocation>
): ReadonlyArray<Allocation> =>
  allocations
    .map((allocation) => {
      const less = taken.find((other) => samePlace(other, allocation))
      return less === undefined ? allocation : { ...allocation, quantity: allocation.quantity - less.quantity }
    })
    .filter((allocation) => allocation.quantity !== 0)

const changeBackorder = (draft: Draft, sku: string, reservation: string, line: number, quantity: number): void => {
  if (quantity === 0) return
  const row = draft.get(backorders, backorderKey(sku, reservation, line)) as BackorderRow
  draft.put(backorders, { ...row, quantity: row.quantity + quantity })
}

/** Asks for a reservation and all that its lines claim. */
export const needReservationClaims = (needs: Needs, id: string): ReservationRow | undefined => {
  const row = needs.row(reservations, id)
  row?.lines.forEach((line, index) => {
    needLevels(needs, line.sku, line.scope)
    for (const allocation of line.allocations) needPosition(needs, line.sku, allocation)
    if (line.backordered > 0) needs.row(backorders, backorderKey(line.sku, id, index + 1))
  })
  return row
}

export const ReservationMade = event({
  type: "ReservationMade",
  schema: Schema.Struct({
    id: Schema.String,
    owner: Schema.String,
    priority: Schema.Int,
    expiresAt: Schema.Int,
    extendableUntil: Schema.Int,
    lines: Schema.Array(
      Schema.Struct({
        sku: Schema.String,
        scope: Schema.String,
        exactly: Schema.Boolean,
        quantity: Schema.Int,
        backordered: Schema.Int
      })
    )
  }),
  evolve: (data, draft, facts) => {
    const lines: Array<ReservationLine> = []
    for (const line of data.lines) {
      const reserved = line.quantity - line.backordered
      lines.push({
        ...line,
        reserved,
        allocations: [],
        shipped: 0,
        released: 0,
        expired: 0,
        returned: 0
      })
      if (reserved > 0) changeClaim(draft, line.sku, line.scope, line.exactly, reserved)
      if (line.backordered > 0) {
        draft.put(backorders, {
          sku: line.sku,
          reservation: data.id,
          line: lines.length,
          quantity: line.backordered,
          since: facts.position
        })
      }
    }
    draft.put(reservations, {
      id: data.id,
      owner: data.owner,
      status: "active",
      priority: data.priority,
      createdAt: facts.recordedAt,
      expiresAt: data.expiresAt,
      extendableUntil: data.extendableUntil,
      lines,
      history: [facts.position],
      position: facts.position
    })
  },
  skus: (data) => data.lines.map((line) => line.sku)
})

export const ReservationExtended = event({
  type: "ReservationExtended",
  schema: Schema.Struct({ id: Schema.String, from: Schema.Int, expiresAt: Schema.Int }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.id)
    draft.put(reservations, {
      ...row,
      expiresAt: data.expiresAt,
      history: [...row.history, facts.position],
      position: facts.position
    })
  },
  skus: () => []
})

const Freed = Schema.Struct({
  /** Line number, from 1. */
  line: Schema.Int,
  sku: Schema.String,
  backordered: Schema.Int,
  reserved: Schema.Int,
  allocations: Schema.Array(AllocationSchema)
})

export const ReservationReleased = event({
  type: "ReservationReleased",
  schema: Schema.Struct({ id: Schema.String, lines: Schema.Array(Freed) }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.id)
    const changes = new Map<number, ReservationLine>()
    for (const freed of data.lines) {
      const line = lineOf(row, freed.line)
      if (freed.reserved > 0) changeClaim(draft, line.sku, line.scope, line.exactly, -freed.reserved)
      let allocated = 0
      for (const allocation of freed.allocations) {
        allocated += allocation.quantity
        changePosition(draft, line.sku, allocation, { allocated: -allocation.quantity }, facts.position)
      }
      changeBackorder(draft, line.sku, row.id, freed.line, -freed.backordered)
      changes.set(freed.line, {
        ...line,
        reserved: line.reserved - freed.reserved,
        backordered: line.backordered - freed.backordered,
        allocations: withoutAllocations(line.allocations, freed.allocations),
        released: line.released + freed.reserved + freed.backordered + allocated
      })
    }
    const anyShipped = row.lines.some((line) => line.shipped > 0)
    changeLines(draft, row, changes, isDone(row, changes) ? (anyShipped ? "shipped" : "released") : row.status, facts)
  },
  skus: (data) => data.lines.map((line) => line.sku)
})

export const ReservationExpired = event({
  type: "ReservationExpired",
  schema: Schema.Struct({
    id: Schema.String,
    /** When it lapsed, epoch milliseconds; recording it may come later. */
    expiredAt: Schema.Int,
    lines: Schema.Array(Schema.Struct({ line: Schema.Int, sku: Schema.String, quantity: Schema.Int }))
  }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.id)
    const changes = new Map<number, ReservationLine>()
    row.lines.forEach((line, index) => {
      if (line.reserved > 0) changeClaim(draft, line.sku, line.scope, line.exactly, -line.reserved)
      changeBackorder(draft, line.sku, row.id, index + 1, -line.backordered)
      changes.set(index + 1, {
        ...line,
        reserved: 0,
        backordered: 0,
        expired: line.expired + line.reserved + line.backordered
      })
    })
    changeLines(draft, row, changes, "expired", facts)
  },
  skus: (data) => data.lines.map((line) => line.sku)
})

export const ReservationConfirmed = event({
  type: "ReservationConfirmed",
  schema: Schema.Struct({
    id: Schema.String,
    lines: Schema.Array(
      Schema.Struct({ line: Schema.Int, sku: Schema.String, allocations: Schema.Array(AllocationSchema) })
    )
  }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.id)
    const changes = new Map<number, ReservationLine>()
    for (const confirmed of data.lines) {
      const line = lineOf(row, confirmed.line)
      changeClaim(draft, line.sku, line.scope, line.exactly, -line.reserved)
      for (const allocation of confirmed.allocations) {
        changePosition(draft, line.sku, allocation, { allocated: allocation.quantity }, facts.position)
      }
      changes.set(confirmed.line, { ...line, reserved: 0, allocations: confirmed.allocations })
    }
    changeLines(draft, row, changes, "confirmed", facts)
  },
  skus: (data) => data.lines.map((line) => line.sku)
})

export const ReservationShipped = event({
  type: "ReservationShipped",
  schema: Schema.Struct({
    id: Schema.String,
    /** One entry for each movement of `movements`: the line it serves. */
    lines: Schema.Array(Schema.Int),
    movements: Schema.Array(Movement)
  }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.id)
    const changes = new Map<number, ReservationLine>()
    data.movements.forEach((movement, seq) => {
      const number = data.lines[seq] as number
      const line = changes.get(number) ?? lineOf(row, number)
      applyMovement(draft, movement, seq, facts, movement.quantity)
      changes.set(number, {
        ...line,
        allocations: withoutAllocations(line.allocations, [{ ...movement.from, quantity: movement.quantity }]),
        shipped: line.shipped + movement.quantity
      })
    })
    changeLines(draft, row, changes, isDone(row, changes) ? "shipped" : row.status, facts)
  },
  skus: (data) => data.movements.map((movement) => movement.sku)
})

export const BackorderFilled = event({
  type: "BackorderFilled",
  schema: Schema.Struct({ reservation: Schema.String, line: Schema.Int, sku: Schema.String, quantity: Schema.Int }),
  evolve: (data, draft, facts) => {
    const row = reservationOf(draft, data.reservation)
    const line = lineOf(row, data.line)
    changeClaim(draft, line.sku, line.scope, line.exactly, data.quantity)
    changeBackorder(draft, line.sku, row.id, data.line, -data.quantity)
    const filled = {
      ...line,
      reserved: line.reserved + data.quantity,
      backordered: line.backordered - data.quantity
    }
    changeLines(draft, row, new Map([[data.line, filled]]), row.status, facts)
  },
  skus: (data) => [data.sku]
})
