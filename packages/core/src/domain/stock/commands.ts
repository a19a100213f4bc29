import { Schema } from "effect"
import { fillBackorders, needBackorders } from "../backorder/fill.ts"
import { isSellable, type LocationRow, openLocation, world } from "../location/rows.ts"
import { Decision } from "../model/Decision.ts"
import { command, type Needs } from "../model/Definition.ts"
import { Id } from "../model/Ids.ts"
import { CountedQuantity, Quantity, quantityMax } from "../model/Quantity.ts"
import {
  InsufficientOnHand,
  InsufficientStock,
  isRefusal,
  LineExceeded,
  QuantityOverflow,
  type Refusal,
  UnknownLine,
  UnknownReservation,
  UnknownSku,
  WrongKindOfLocation
} from "../model/Refusal.ts"
import type { View } from "../model/Table.ts"
import { needReservation, reservations } from "../reservation/rows.ts"
import { activeSku, needSku, skus } from "../sku/rows.ts"
import { StockAdjusted, StockCounted, StockIssued, StockMoved, StockReceived, StockReturned } from "./events.ts"
import { availableIn, emptyPosition, exactRoomOf, levelKey, levelOf, levels, needPosition, roomOf } from "./levels.ts"
import type { Movement, UnitCost } from "./movement.ts"
import { isPromisable, type Place, placeAt, samePlace } from "./Place.ts"
import { freeOf, type PositionRow, positionKey, positions } from "./rows.ts"

const optionalId = Schema.optionalKey(Id)

/** Cost of one base unit, in whole minor units of an ISO 4217 currency, as a caller writes it. */
const UnitCostInput = Schema.Struct({
  amount: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  currency: Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/))
})

const positionAt = (state: View, sku: string, place: Place): PositionRow =>
  state.get(positions, positionKey(sku, place)) ?? emptyPosition(sku, place)

/** A place that can carry goods: not `world`, not virtual. */
const stockLocation = (state: View, id: string): LocationRow | Refusal => {
  const location = openLocation(state, id)
  if (isRefusal(location)) return location
  return isSellable(location) || location.kind === "transit"
    ? location
    : new WrongKindOfLocation({ location: id, kind: location.kind, needed: "a place that carries stock" })
}

/** A place that stands for the outside. */
const virtualLocation = (state: View, id: string): LocationRow | Refusal => {
  const location = openLocation(state, id)
  if (isRefusal(location)) return location
  return location.kind === "virtual"
    ? location
    : new WrongKindOfLocation({ location: id, kind: location.kind, needed: "a virtual location" })
}

/** Refuses a movement whose balances or totals could not be counted exactly any more. */
const overflow = (state: View, sku: string, quantity: number, from: Place, to: Place): QuantityOverflow | undefined => {
  const total = levelOf(state, sku, world)
  for (const balance of [
    positionAt(state, sku, to).onHand,
    -positionAt(state, sku, from).onHand,
    total.onHand + total.unsellable
  ]) {
    if (balance > quantityMax - quantity) return new QuantityOverflow({ sku, quantity, balance })
  }
  return undefined
}

const needTotal = (needs: Needs, sku: string): void => {
  needs.row(levels, levelKey(sku, world))
}

/** Refuses to take more from a place than is free there, or, when it leaves for good, than claims on its scopes spare. */
const takeFree = (
  state: View,
  sku: string,
  quantity: number,
  from: Place,
  location: LocationRow,
  leaves: boolean
): InsufficientStock | undefined => {
  const free = freeOf(positionAt(state, sku, from))
  const available =
    leaves && isPromisable(from.condition) && isSellable(location)
      ? Math.min(free, availableIn(state, sku, location, true))
      : free
  return available < quantity
    ? new InsufficientStock({ sku, requested: quantity, available, scope: from.location, exactly: true })
    : undefined
}

/**
 * Refuses a move after which claims on a scope of its source lack more than before. A common ancestor can lose too: a
 * target whose own claims or holds outgrew its stock swallows what arrives.
 */
const takeFromClaims = (
  before: View,
  after: View,
  sku: string,
  quantity: number,
  location: LocationRow
): InsufficientStock | undefined => {
  let available = quantity
  const compare = (room: number, roomAfter: number) => {
    if (roomAfter < 0 && roomAfter < room) available = Math.min(available, room)
  }
  compare(exactRoomOf(levelOf(before, sku, location.id)), exactRoomOf(levelOf(after, sku, location.id)))
  for (const scope of [location.id, ...location.path]) {
    compare(roomOf(levelOf(before, sku, scope)), roomOf(levelOf(after, sku, scope)))
  }
  return available < quantity
    ? new InsufficientStock({ sku, requested: quantity, available, scope: location.id, exactly: true })
    : undefined
}

const movement = (
  sku: string,
  quantity: number,
  from: Place,
  to: Place,
  unitCost?: typeof UnitCost.Type
): Movement => ({ sku, quantity, from, to, unitCost: unitCost ?? null })

export const stockCommands = {
  /** Books goods in. They come from `supplier` unless another virtual location is named. Fills backorders in the same commit. */
  receive: command({
    fields: {
      sku: Id,
      to: Id,
      quantity: Quantity,
      from: optionalId,
      condition: optionalId,
      owner: optionalId,
      unitCost: Schema.optionalKey(UnitCostInput)
    },
    footprint: (c, needs) => {
      needSku(needs, c.sku)
      needTotal(needs, c.sku)
      needPosition(needs, c.sku, placeAt(c.from ?? "supplier", c.condition, c.owner))
      needPosition(needs, c.sku, placeAt(c.to, c.condition, c.owner))
      needBackorders(needs, c.sku)
    },
    decide: (c, state) => {
      const sku = activeSku(state, c.sku)
      if (isRefusal(sku)) return sku
      const location = stockLocation(state, c.to)
      if (isRefusal(location)) return location
      const origin = virtualLocation(state, c.from ?? "supplier")
      if (isRefusal(origin)) return origin
      const from = placeAt(origin.id, c.condition, c.owner)
      const to = placeAt(c.to, c.condition, c.owner)
      const tooMuch = overflow(state, c.sku, c.quantity, from, to)
      if (tooMuch !== undefined) return tooMuch
      const data = { movements: [movement(c.sku, c.quantity, from, to, c.unitCost)] }
      if (sku.shortage === "refuse") return [StockReceived.make(data)]
      const decision = new Decision(state)
      decision.emit(StockReceived, data)
      fillBackorders(decision, c.sku)
      return decision.events
    },
    answer: (events) => ({ quantity: events.find(StockReceived.is)?.data.movements[0]?.quantity ?? 0 })
  }),

  /** Takes unclaimed goods from one place to another, or into another condition or owner. */
  move: command({
    fields: {
      sku: Id,
      from: Id,
      to: Id,
      quantity: Quantity,
      condition: optionalId,
      owner: optionalId,
      /** The condition they get. Default: unchanged. */
      toCondition: optionalId,
      /** The owner they get. Default: unchanged. */
      toOwner: optionalId
    },
    check: (c) =>
      samePlace(
        placeAt(c.from, c.condition, c.owner),
        placeAt(c.to, c.toCondition ?? c.condition, c.toOwner ?? c.owner)
      )
        ? ["to", "must differ from the place the goods come from"]
        : undefined,
    footprint: (c, needs) => {
      needSku(needs, c.sku)
      needTotal(needs, c.sku)
      needPosition(needs, c.sku, placeAt(c.from, c.condition, c.owner))
      needPosition(needs, c.sku, placeAt(c.to, c.toCondition ?? c.condition, c.toOwner ?? c.owner))
      needBackorders(needs, c.sku)
    },
    decide: (c, state) => {
      const sku = state.get(skus, c.sku)
      if (sku === undefined) return new UnknownSku({ sku: c.sku })
      const source = stockLocation(state, c.from)
      if (isRefusal(source)) return source
      const target = stockLocation(state, c.to)
      if (isRefusal(target)) return target
      const from = placeAt(c.from, c.condition, c.owner)
      const to = placeAt(c.to, c.toCondition ?? c.condition, c.toOwner ?? c.owner)
      const leaves = !isPromisable(to.condition) || !isSellable(target)
      const short = takeFree(state, c.sku, c.quantity, from, source, leaves)
      if (short !== undefined) return short
      const decision = new Decision(state)
      decision.emit(StockMoved, { movements: [movement(c.sku, c.quantity, from, to)] })
      const shorter = takeFromClaims(state, decision.draft, c.sku, c.quantity, source)
      if (shorter !== undefined) return shorter
      fillBackorders(decision, c.sku)
      return decision.events
    },
    answer: (events) => ({ quantity: events.find(StockMoved.is)?.data.movements[0]?.quantity ?? 0 })
  }),

  /** Books unclaimed goods out: a counter sale, a sample, production. What a reservation claimed leaves by `ship`. */
  issue: command({
    fields: { sku: Id, from: Id, quantity: Quantity, to: optionalId, condition: optionalId, owner: optionalId },
    footprint: (c, needs) => {
      needSku(needs, c.sku)
      needPosition(needs, c.sku, placeAt(c.from, c.condition, c.owner))
      needPosition(needs, c.sku, placeAt(c.to ?? "customer", c.condition, c.owner))
    },
    decide: (c, state) => {
      if (state.get(skus, c.sku) === undefined) return new UnknownSku({ sku: c.sku })
      const source = stockLocation(state, c.from)
      if (isRefusal(source)) return source
      const target = virtualLocation(state, c.to ?? "customer")
      if (isRefusal(target)) return target
      const from = placeAt(c.from, c.condition, c.owner)
      const short = takeFree(state, c.sku, c.quantity, from, source, true)
      if (short !== undefined) return short
      const to = placeAt(target.id, c.condition, c.owner)
      return [StockIssued.make({ movements: [movement(c.sku, c.quantity, from, to)] })]
    },
    answer: (events) => ({ quantity: events.find(StockIssued.is)?.data.movements[0]?.quantity ?? 0 })
  }),

  /** Books goods back in, by default from `customer`. With a reservation line, no more than it shipped. Fills backorders. */
  return: command({
    fields: {
      sku: Id,
      to: Id,
      quantity: Quantity,
      from: optionalId,
      condition: optionalId,
      owner: optionalId,
      reservation: Schema.optionalKey(Schema.Struct({ id: Id, line: Schema.Int.check(Schema.isGreaterThan(0)) }))
    },
    footprint: (c, needs) => {
      needSku(needs, c.sku)
      needTotal(needs, c.sku)
      needPosition(needs, c.sku, placeAt(c.from ?? "customer", undefined, c.owner))
      needPosition(needs, c.sku, placeAt(c.to, c.condition, c.owner))
      needBackorders(needs, c.sku)
      if (c.reservation !== undefined) needReservation(needs, c.reservation.id)
    },
    decide: (c, state) => {
      if (state.get(skus, c.sku) === undefined) return new UnknownSku({ sku: c.sku })
      const location = stockLocation(state, c.to)
      if (isRefusal(location)) return location
      const origin = virtualLocation(state, c.from ?? "customer")
      if (isRefusal(origin)) return origin
      if (c.reservation !== undefined) {
        const { id, line: number } = c.reservation
        const row = state.get(reservations, id)
        if (row === undefined) return new UnknownReservation({ reservation: id })
        const line = row.lines[number - 1]
        if (line === undefined || line.sku !== c.sku) return new UnknownLine({ reservation: id, line: number })
        const remaining = line.shipped - line.returned
        if (c.quantity > remaining) {
          return new LineExceeded({ reservation: id, line: number, action: "return", requested: c.quantity, remaining })
        }
      }
      const from = placeAt(origin.id, undefined, c.owner)
      const to = placeAt(c.to, c.condition, c.owner)
      const tooMuch = overflow(state, c.sku, c.quantity, from, to)
      if (tooMuch !== undefined) return tooMuch
      const decision = new Decision(state)
      decision.emit(StockReturned, {
        movements: [movement(c.sku, c.quantity, from, to)],
        reservation: c.reservation ?? null
      })
      fillBackorders(decision, c.sku)
      return decision.events
    },
    answer: (events) => ({ quantity: events.find(StockReturned.is)?.data.movements[0]?.quantity ?? 0 })
  }),

  /**
   * Corrects what is on hand at a place. Claims and holds never stand in the way of the truth; only what is not there
   * cannot be taken away.
   */
  adjust: command({
    fields: {
      sku: Id,
      at: Id,
      direction: Schema.Literals(["increase", "decrease"]),
      quantity: Quantity,
      reasonCode: Id,
      condition: optionalId,
      owner: optionalId
    },
    footprint: (c, needs) => needCorrection(needs, c.sku, placeAt(c.at, c.condition, c.owner)),
    decide: (c, state) => {
      if (state.get(skus, c.sku) === undefined) return new UnknownSku({ sku: c.sku })
      const location = stockLocation(state, c.at)
      if (isRefusal(location)) return location
      const place = placeAt(c.at, c.condition, c.owner)
      const change = correction(state, c.sku, place, c.direction === "increase" ? c.quantity : -c.quantity)
      if (isRefusal(change)) return change
      const decision = new Decision(state)
      decision.emit(StockAdjusted, { movements: [change] })
      if (c.direction === "increase") fillBackorders(decision, c.sku)
      return decision.events
    },
    answer: (events) => ({ quantity: events.find(StockAdjusted.is)?.data.movements[0]?.quantity ?? 0 })
  }),

  /** States what a person counted at a place, now. The variance is booked against `loss`. */
  count: command({
    fields: { sku: Id, at: Id, quantity: CountedQuantity, condition: optionalId, owner: optionalId },
    footprint: (c, needs) => needCorrection(needs, c.sku, placeAt(c.at, c.condition, c.owner)),
    decide: (c, state) => {
      if (state.get(skus, c.sku) === undefined) return new UnknownSku({ sku: c.sku })
      const location = stockLocation(state, c.at)
      if (isRefusal(location)) return location
      const place = placeAt(c.at, c.condition, c.owner)
      const expected = positionAt(state, c.sku, place).onHand
      const variance = c.quantity - expected
      const change = variance === 0 ? undefined : correction(state, c.sku, place, variance)
      if (isRefusal(change)) return change
      const decision = new Decision(state)
      decision.emit(StockCounted, {
        sku: c.sku,
        place,
        counted: c.quantity,
        expected,
        movements: change === undefined ? [] : [change]
      })
      if (variance > 0) fillBackorders(decision, c.sku)
      return decision.events
    },
    answer: (events) => {
      const count = events.find(StockCounted.is)?.data
      const counted = count?.counted ?? 0
      const expected = count?.expected ?? 0
      return { counted, expected, variance: counted - expected }
    }
  })
}

const needCorrection = (needs: Needs, sku: string, place: Place): void => {
  needSku(needs, sku)
  needTotal(needs, sku)
  needPosition(needs, sku, place)
  needPosition(needs, sku, { ...place, location: "loss" })
  needBackorders(needs, sku)
}

/** The movement from or to `loss` that changes a balance by `change`. */
const correction = (
  state: View,
  sku: string,
  place: Place,
  change: number
): Movement | InsufficientOnHand | QuantityOverflow => {
  const loss = { ...place, location: "loss" }
  if (change > 0) return overflow(state, sku, change, loss, place) ?? movement(sku, change, loss, place)
  const { onHand } = positionAt(state, sku, place)
  return onHand < -change
    ? new InsufficientOnHand({
        sku,
        location: place.location,
        condition: place.condition,
        owner: place.owner,
        requested: -change,
        onHand
      })
    : movement(sku, -change, place, loss)
}
