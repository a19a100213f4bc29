/** The reference model's rules for reservations. */
import { ModelStock } from "./ModelStock.ts"
import {
  accepted,
  allocatedOf,
  type ConfirmedLine,
  dayMs,
  exactMax,
  first,
  type ModelLine,
  type ModelMoved,
  type ModelPlace,
  type ModelReservation,
  msOf,
  openOf,
  samePlace,
  sum,
  type Verdict
} from "./ModelFacts.ts"
import type { StepOf } from "./Step.ts"

/** What may be claimed, and what becomes of it. */
export class ModelClaims extends ModelStock {
  protected reserve(input: StepOf<"reserve">["input"], now: number): Verdict {
    if (this.reservations.some((other) => other.id === input.id)) return "ReservationExists"
    const expiresAt = input.expiresAt === undefined ? now + msOf(input.expiresIn ?? 0) : msOf(input.expiresAt)
    if (expiresAt <= now) return "ExpiryTooEarly"
    const lines: Array<ModelLine> = []
    for (const asked of input.lines) {
      const exactly = asked.exactly !== undefined
      const scope = asked.exactly ?? asked.within ?? "world"
      const verdict = first(
        () => this.activeSku(asked.sku),
        () => this.openLocation(scope, exactly ? ["site", "zone", "bin"] : ["site", "zone", "bin", "world"])
      )
      if (verdict !== accepted) return verdict
      const { sku, quantity } = asked
      const also = lines.filter((line) => line.sku === sku).map((line) => ({ ...line, quantity: line.reserved }))
      const reserved = this.promisable(sku, { scope, exactly, quantity }, also)
      if (reserved < quantity && !this.skus.some((other) => other.id === sku && other.backorders)) {
        return "InsufficientStock"
      }
      lines.push({
        sku,
        scope,
        exactly,
        quantity,
        since: this.age,
        reserved,
        backordered: quantity - reserved,
        allocations: [],
        shipped: 0,
        returned: 0
      })
    }
    const unmet = lines.filter((line) => line.backordered > 0).map((line) => BigInt(line.quantity))
    if (unmet.reduce((total, quantity) => total + quantity, 0n) > BigInt(exactMax)) return "QuantityOverflow"
    const lifetime = input.extendableFor === undefined ? dayMs : msOf(input.extendableFor)
    this.reservations.push({
      id: input.id,
      status: "active",
      expiresAt,
      extendableUntil: Math.max(expiresAt, now + lifetime),
      lines
    })
    return accepted
  }

  protected live(id: string): ModelReservation | Verdict {
    const reservation = this.reservations.find((other) => other.id === id)
    if (reservation === undefined) return "UnknownReservation"
    if (reservation.status === "expired") return "ReservationExpired"
    if (reservation.status === "released") return "ReservationAlreadyReleased"
    if (reservation.status === "shipped") return "ReservationAlreadyShipped"
    return reservation
  }

  protected extend(input: StepOf<"extend">["input"], now: number): Verdict {
    const reservation = this.live(input.reservation)
    if (typeof reservation === "string") return reservation
    if (reservation.status === "confirmed") return "ReservationAlreadyConfirmed"
    const expiresAt = input.expiresAt === undefined ? now + msOf(input.expiresIn ?? 0) : msOf(input.expiresAt)
    if (expiresAt <= now || expiresAt <= reservation.expiresAt) return "ExpiryTooEarly"
    if (expiresAt > reservation.extendableUntil) return "ExpiryBeyondCap"
    reservation.expiresAt = expiresAt
    return accepted
  }

  /** The quantity asked of each line, all that is left where nothing was said; or why it is too much. */
  protected parts(
    reservation: ModelReservation,
    asked: ReadonlyArray<{ readonly line: number; readonly quantity?: number }> | undefined,
    leftOf: (line: ModelLine) => number
  ): ReadonlyMap<ModelLine, number> | Verdict {
    const parts = new Map<ModelLine, number>()
    if (asked === undefined) {
      for (const line of reservation.lines) if (leftOf(line) > 0) parts.set(line, leftOf(line))
      return parts
    }
    for (const part of asked) {
      const line = reservation.lines[part.line - 1]
      if (line === undefined) return "UnknownLine"
      const quantity = (parts.get(line) ?? 0) + (part.quantity ?? Math.max(1, leftOf(line)))
      if (quantity > leftOf(line)) return "LineExceeded"
      parts.set(line, quantity)
    }
    return parts
  }

  protected release(input: StepOf<"release">["input"]): Verdict {
    const reservation = this.live(input.reservation)
    if (typeof reservation === "string") return reservation
    const parts = this.parts(reservation, input.lines, openOf)
    if (typeof parts === "string") return parts
    for (const [line, quantity] of parts) {
      const backordered = Math.min(quantity, line.backordered)
      const reserved = Math.min(quantity - backordered, line.reserved)
      line.backordered -= backordered
      line.reserved -= reserved
      this.takeAllocated(line, quantity - backordered - reserved)
    }
    this.finish(reservation)
    for (const sku of new Set(reservation.lines.map((line) => line.sku))) this.fill(sku)
    return accepted
  }

  /** Takes units out of the allocations of a line, in their order, and says from where. */
  protected takeAllocated(line: ModelLine, quantity: number): ReadonlyArray<ModelPlace & { quantity: number }> {
    const taken: Array<ModelPlace & { quantity: number }> = []
    let missing = quantity
    for (const allocation of line.allocations) {
      const take = Math.min(missing, allocation.quantity)
      if (take > 0) taken.push({ ...allocation, quantity: take })
      allocation.quantity -= take
      missing -= take
    }
    line.allocations = line.allocations.filter((allocation) => allocation.quantity > 0)
    return taken
  }

  protected finish(reservation: ModelReservation): void {
    if (reservation.lines.some((line) => openOf(line) > 0)) return
    reservation.status = reservation.lines.some((line) => line.shipped > 0) ? "shipped" : "released"
  }

  /** Narrow claims come first; among equals the one that confirms. It succeeds if every line of it is met then. */
  protected confirm(id: string, confirmed: ReadonlyArray<ConfirmedLine> | undefined): Verdict {
    const reservation = this.live(id)
    if (typeof reservation === "string") return reservation
    if (reservation.status === "confirmed") return "ReservationAlreadyConfirmed"
    if (reservation.lines.some((line) => line.backordered > 0)) return "ReservationBackordered"
    for (const sku of new Set(reservation.lines.map((line) => line.sku))) {
      const breadth = (line: ModelLine) => (line.exactly ? 0.5 : 1) - this.upwards(line.scope).length
      const mine = (line: ModelLine) => reservation.lines.includes(line)
      const lines = this.lines(sku).filter((line) => line.reserved > 0)
      const matching = this.matching(sku)
      for (const line of [...lines].sort((a, b) => breadth(a) - breadth(b) || Number(mine(b)) - Number(mine(a)))) {
        const met = matching.add({ scope: line.scope, exactly: line.exactly, quantity: line.reserved })
        if (mine(line) && met < line.reserved) return "InsufficientStock"
      }
    }
    if (confirmed === undefined) throw new Error(`the confirmation of ${id} was refused, though it can be met`)
    this.adopt(reservation, confirmed)
    return accepted
  }

  /** Takes over the positions the engine chose, after checking that it was free to choose them. */
  protected adopt(reservation: ModelReservation, confirmed: ReadonlyArray<ConfirmedLine>): void {
    const skus = [...new Set(reservation.lines.map((line) => line.sku))]
    const before = new Map(skus.map((sku) => [sku, this.rooms(sku)]))
    for (const [index, line] of reservation.lines.entries()) {
      const allocations = (confirmed.find((other) => other.line === index + 1)?.allocations ?? []).map(
        ({ location, condition, owner, quantity }) => ({ location, condition, owner, quantity })
      )
      if (sum(allocations.map((allocation) => allocation.quantity)) !== line.reserved) {
        throw new Error(`line ${index + 1} of ${reservation.id} claims ${line.reserved}, something else was allocated`)
      }
      for (const allocation of allocations) {
        const inScope = line.exactly
          ? allocation.location === line.scope
          : this.isInside(allocation.location, line.scope)
        const promisable = allocation.condition === "good" && this.isSellable(allocation.location)
        if (
          !inScope ||
          !promisable ||
          allocation.quantity <= 0 ||
          this.free(line.sku, allocation) < allocation.quantity
        ) {
          throw new Error(`line ${index + 1} of ${reservation.id} cannot be allocated at ${allocation.location}`)
        }
        line.allocations.push(allocation)
      }
      line.reserved = 0
    }
    for (const sku of skus) {
      if (this.isShorter(before.get(sku) ?? new Map(), this.rooms(sku))) {
        throw new Error(`the allocations of ${reservation.id} break other claims on ${sku}`)
      }
    }
    reservation.status = "confirmed"
  }

  protected ship(input: StepOf<"ship">["input"]): Verdict {
    const reservation = this.live(input.reservation)
    if (typeof reservation === "string") return reservation
    if (reservation.status === "active") return "ReservationNotConfirmed"
    const parts = this.parts(reservation, input.lines, allocatedOf)
    if (typeof parts === "string") return parts
    const leaving: Array<ModelMoved> = []
    for (const [line, quantity] of parts) {
      let missing = quantity
      for (const { quantity: allocated, ...from } of line.allocations) {
        const take = Math.min(missing, allocated)
        missing -= take
        if (take > 0) leaving.push({ sku: line.sku, quantity: take, from, to: { ...from, location: "customer" } })
      }
    }
    for (const { sku, from } of leaving) {
      const taken = leaving.filter((other) => other.sku === sku && samePlace(other.from, from))
      if (sum(taken.map((other) => other.quantity)) > this.onHand(sku, from)) return "InsufficientOnHand"
    }
    for (const [line, quantity] of parts) {
      this.takeAllocated(line, quantity)
      line.shipped += quantity
    }
    this.moved.push(...leaving)
    this.finish(reservation)
    return accepted
  }
}
