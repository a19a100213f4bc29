/** The reference model's rules for movements and holds. */
import { ModelCatalogue } from "./ModelCatalogue.ts"
import { accepted, exactMax, first, type ModelPlace, placeOf, samePlace, sum, type Verdict } from "./ModelFacts.ts"
import type { StepOf } from "./Step.ts"

/** What may move, be counted and be held. */
export class ModelStock extends ModelCatalogue {
  /** Whether a movement keeps every balance countable. */
  protected canCount(sku: string, quantity: number, from: ModelPlace, to: ModelPlace): Verdict {
    const total = sum(
      this.places(sku)
        .filter((place) => this.isSellable(place.location))
        .map((place) => this.onHand(sku, place))
    )
    const balances = [this.onHand(sku, to), -this.onHand(sku, from), total]
    return balances.some((balance) => balance > exactMax - quantity) ? "QuantityOverflow" : accepted
  }

  protected receive(input: StepOf<"receive">["input"]): Verdict {
    const from = placeOf(input.from ?? "supplier", input.condition, input.owner)
    const to = placeOf(input.to, input.condition, input.owner)
    const verdict = first(
      () => this.activeSku(input.sku),
      () => this.stockLocation(input.to),
      () => this.openLocation(from.location, ["virtual"]),
      () => this.canCount(input.sku, input.quantity, from, to)
    )
    if (verdict !== accepted) return verdict
    this.moved.push({ sku: input.sku, quantity: input.quantity, from, to })
    this.fill(input.sku)
    return accepted
  }

  protected move(input: StepOf<"move">["input"]): Verdict {
    const { sku, quantity } = input
    const from = placeOf(input.from, input.condition, input.owner)
    const to = placeOf(input.to, input.toCondition ?? input.condition, input.toOwner ?? input.owner)
    if (samePlace(from, to)) return "InvalidCommand"
    const verdict = first(
      () => this.knownSku(sku),
      () => this.stockLocation(input.from),
      () => this.stockLocation(input.to),
      () => (this.free(sku, from) < quantity ? "InsufficientStock" : accepted)
    )
    if (verdict !== accepted) return verdict
    const before = this.rooms(sku)
    this.moved.push({ sku, quantity, from, to })
    if (this.isShorter(before, this.rooms(sku))) {
      this.moved.pop()
      return "InsufficientStock"
    }
    this.fill(sku)
    return accepted
  }

  protected issue(input: StepOf<"issue">["input"]): Verdict {
    const { sku, quantity } = input
    const from = placeOf(input.from, input.condition, input.owner)
    const to = placeOf(input.to ?? "customer", input.condition, input.owner)
    const verdict = first(
      () => this.knownSku(sku),
      () => this.stockLocation(input.from),
      () => this.openLocation(to.location, ["virtual"]),
      () => (this.free(sku, from) < quantity ? "InsufficientStock" : accepted),
      () =>
        from.condition === "good" &&
        this.isSellable(from.location) &&
        this.promisable(sku, { scope: from.location, exactly: true, quantity }) < quantity
          ? "InsufficientStock"
          : accepted
    )
    if (verdict !== accepted) return verdict
    this.moved.push({ sku, quantity, from, to })
    return accepted
  }

  protected takeBack(input: StepOf<"return">["input"]): Verdict {
    const from = placeOf(input.from ?? "customer", undefined, input.owner)
    const to = placeOf(input.to, input.condition, input.owner)
    const claim = input.reservation
    const line = this.reservations.find((other) => other.id === claim?.id)?.lines[(claim?.line ?? 0) - 1]
    const verdict = first(
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.to),
      () => this.openLocation(from.location, ["virtual"]),
      () => {
        if (claim === undefined) return accepted
        if (!this.reservations.some((other) => other.id === claim.id)) return "UnknownReservation"
        if (line === undefined || line.sku !== input.sku) return "UnknownLine"
        return input.quantity > line.shipped - line.returned ? "LineExceeded" : accepted
      },
      () => this.canCount(input.sku, input.quantity, from, to)
    )
    if (verdict !== accepted) return verdict
    this.moved.push({ sku: input.sku, quantity: input.quantity, from, to })
    if (line !== undefined) line.returned += input.quantity
    this.fill(input.sku)
    return accepted
  }

  protected adjust(input: StepOf<"adjust">["input"]): Verdict {
    const at = placeOf(input.at, input.condition, input.owner)
    const verdict = first(
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.at)
    )
    return verdict === accepted
      ? this.correct(input.sku, at, input.direction === "increase" ? input.quantity : -input.quantity)
      : verdict
  }

  protected count(input: StepOf<"count">["input"]): Verdict {
    const at = placeOf(input.at, input.condition, input.owner)
    const verdict = first(
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.at)
    )
    return verdict === accepted ? this.correct(input.sku, at, input.quantity - this.onHand(input.sku, at)) : verdict
  }

  protected correct(sku: string, at: ModelPlace, change: number): Verdict {
    const loss = { ...at, location: "loss" }
    if (change > 0) {
      const verdict = this.canCount(sku, change, loss, at)
      if (verdict !== accepted) return verdict
      this.moved.push({ sku, quantity: change, from: loss, to: at })
      this.fill(sku)
    } else if (change < 0) {
      if (this.onHand(sku, at) < -change) return "InsufficientOnHand"
      this.moved.push({ sku, quantity: -change, from: at, to: loss })
    }
    return accepted
  }

  protected placeHold(input: StepOf<"placeHold">["input"]): Verdict {
    const at = placeOf(input.at, input.condition, input.owner)
    const verdict = first(
      () => (this.holds.some((hold) => hold.id === input.id) ? "HoldExists" : accepted),
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.at),
      () => (this.free(input.sku, at) < input.quantity ? "InsufficientStock" : accepted)
    )
    if (verdict !== accepted) return verdict
    this.holds.push({ ...at, id: input.id, sku: input.sku, remaining: input.quantity })
    return accepted
  }

  protected liftHold(input: StepOf<"liftHold">["input"]): Verdict {
    const hold = this.holds.find((other) => other.id === input.id)
    if (hold === undefined) return "UnknownHold"
    if (hold.remaining === 0) return "HoldAlreadyLifted"
    const quantity = input.quantity ?? hold.remaining
    if (quantity > hold.remaining) return "HoldExceeded"
    hold.remaining -= quantity
    this.fill(hold.sku)
    return accepted
  }
}
