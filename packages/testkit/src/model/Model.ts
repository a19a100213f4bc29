/**
 * The reference model: what an inventory must answer, written from the vocabulary and the laws, not from the domain's
 * code. It keeps lists of facts and recomputes every figure from all of them, so there is nothing that can drift.
 */
import { type Claim, Matching, type Supply } from "./promise.ts"
import type { Step, StepOf } from "./Step.ts"

/** `accepted`, or the `_tag` of the refusal. */
export type Verdict = string

/** Where units are. */
export interface ModelPlace {
  readonly location: string
  readonly condition: string
  readonly owner: string
}

/** The firm claims of one line, as `confirm` answered them. */
export interface ConfirmedLine {
  readonly line: number
  readonly allocations: ReadonlyArray<ModelPlace & { readonly quantity: number }>
}

/** What can be promised in a scope, and the sums it comes from. */
export interface ModelAvailability {
  readonly onHand: number
  readonly held: number
  readonly reserved: number
  readonly allocated: number
  /** Negative where claims outgrew the stock. */
  readonly available: number
  /** The same found by matching claims with units, 0 where it would be negative. */
  readonly promisable: number
}

interface Sku {
  readonly id: string
  code: string
  retired: boolean
  readonly backorders: boolean
}

interface Location {
  readonly id: string
  readonly kind: string
  parent: string | undefined
  closed: boolean
}

interface Moved {
  readonly sku: string
  readonly quantity: number
  readonly from: ModelPlace
  readonly to: ModelPlace
}

interface Hold extends ModelPlace {
  readonly id: string
  readonly sku: string
  remaining: number
}

interface Line extends Claim {
  readonly sku: string
  readonly since: number
  reserved: number
  backordered: number
  allocations: Array<ModelPlace & { quantity: number }>
  shipped: number
  returned: number
}

interface Reservation {
  readonly id: string
  status: "active" | "confirmed" | "shipped" | "released" | "expired"
  expiresAt: number
  readonly extendableUntil: number
  readonly lines: ReadonlyArray<Line>
}

const accepted = "accepted"
const exactMax = Number.MAX_SAFE_INTEGER
const dayMs = 86_400_000

const samePlace = (a: ModelPlace, b: ModelPlace): boolean =>
  a.location === b.location && a.condition === b.condition && a.owner === b.owner

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const allocatedOf = (line: Line): number => sum(line.allocations.map((allocation) => allocation.quantity))

const openOf = (line: Line): number => line.reserved + line.backordered + allocatedOf(line)

const placeOf = (location: string, condition: string | undefined, owner: string | undefined): ModelPlace => ({
  location,
  condition: condition ?? "good",
  owner: owner ?? "self"
})

const msOf = (value: number | string | Date): number => {
  if (typeof value === "number") return value
  throw new Error("the model reads instants and durations in milliseconds only")
}

const parents: Readonly<Record<string, ReadonlyArray<string>>> = {
  site: ["world", "site"],
  zone: ["site", "zone"],
  bin: ["site", "zone"],
  transit: ["world"],
  virtual: ["world"]
}

/** Facts, and the rules of an inventory over them. */
export class Model {
  private readonly skus: Array<Sku> = []
  private readonly locations: Array<Location> = [
    { id: "world", kind: "world", parent: undefined, closed: false },
    ...["supplier", "customer", "loss"].map((id) => ({ id, kind: "virtual", parent: "world", closed: false }))
  ]
  private readonly moved: Array<Moved> = []
  private readonly holds: Array<Hold> = []
  private readonly reservations: Array<Reservation> = []
  private age = 0

  /** Says how a command must end, and remembers the facts if it is accepted. `confirmed` is what a confirm answered. */
  run(step: Step, confirmed?: ReadonlyArray<ConfirmedLine>): Verdict {
    this.age += 1
    this.expire(step.now)
    switch (step.name) {
      case "registerSku":
        return this.registerSku(step.input)
      case "changeSkuCode":
        return this.changeSkuCode(step.input)
      case "retireSku":
        return this.retireSku(step.input.id)
      case "registerLocation":
        return this.registerLocation(step.input)
      case "reparentLocation":
        return this.reparentLocation(step.input)
      case "closeLocation":
        return this.closeLocation(step.input.id)
      case "receive":
        return this.receive(step.input)
      case "move":
        return this.move(step.input)
      case "issue":
        return this.issue(step.input)
      case "return":
        return this.takeBack(step.input)
      case "adjust":
        return this.adjust(step.input)
      case "count":
        return this.count(step.input)
      case "placeHold":
        return this.placeHold(step.input)
      case "liftHold":
        return this.liftHold(step.input)
      case "reserve":
        return this.reserve(step.input, step.now)
      case "extend":
        return this.extend(step.input, step.now)
      case "release":
        return this.release(step.input)
      case "confirm":
        return this.confirm(step.input.reservation, confirmed)
      case "ship":
        return this.ship(step.input)
      default:
        return step satisfies never
    }
  }

  /** Claims are dead from `expiresAt` on, one after the other, and what each frees goes to waiting demand. */
  expire(now: number): void {
    const due = this.reservations.filter(({ status, expiresAt }) => status === "active" && expiresAt <= now)
    for (const reservation of due.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))) {
      reservation.status = "expired"
      for (const line of reservation.lines) {
        line.reserved = 0
        line.backordered = 0
      }
      for (const sku of new Set(reservation.lines.map((line) => line.sku))) this.fill(sku)
    }
  }

  /** Every SKU and every scope there is, for comparing answers. */
  scopes(): ReadonlyArray<{ readonly sku: string; readonly location: string }> {
    return this.skus.flatMap((sku) =>
      this.locations
        .filter((location) => location.kind === "world" || this.isSellable(location.id))
        .map((location) => ({ sku: sku.id, location: location.id }))
    )
  }

  availability(sku: string, location: string, exactly: boolean): ModelAvailability {
    const inScope = (other: string) => (exactly ? other === location : this.isInside(other, location))
    const places = this.promisablePlaces(sku).filter((place) => inScope(place.location))
    const lines = this.lines(sku).filter((line) =>
      exactly ? line.exactly && line.scope === location : this.isInside(line.scope, location)
    )
    const rooms = this.rooms(sku)
    const own = rooms.get(`within ${location}`) ?? 0
    const above = this.upwards(location).map((id) => rooms.get(`within ${id}`) ?? 0)
    return {
      onHand: sum(places.map((place) => this.onHand(sku, place))),
      held: sum(places.map((place) => this.held(sku, place))),
      allocated: sum(places.map((place) => this.allocated(sku, place))),
      reserved: sum(lines.map((line) => line.reserved)),
      available: Math.min(own, ...above, ...(exactly ? [rooms.get(`exactly ${location}`) ?? 0] : [])),
      promisable: this.promisable(sku, { scope: location, exactly, quantity: exactMax })
    }
  }

  private location(id: string): Location | undefined {
    return this.locations.find((location) => location.id === id)
  }

  private isSellable(id: string): boolean {
    return ["site", "zone", "bin"].includes(this.location(id)?.kind ?? "")
  }

  /** The location and everything it lies in, up to `world`. */
  private upwards(id: string): ReadonlyArray<string> {
    const parent = this.location(id)?.parent
    return parent === undefined ? [id] : [id, ...this.upwards(parent)]
  }

  private isInside(id: string, scope: string): boolean {
    return this.upwards(id).includes(scope)
  }

  private lines(sku: string): ReadonlyArray<Line> {
    return this.reservations.flatMap((reservation) => reservation.lines.filter((line) => line.sku === sku))
  }

  private onHand(sku: string, place: ModelPlace): number {
    let units = 0
    for (const movement of this.moved) {
      if (movement.sku !== sku) continue
      if (samePlace(movement.from, place)) units -= movement.quantity
      if (samePlace(movement.to, place)) units += movement.quantity
    }
    return units
  }

  private held(sku: string, place: ModelPlace): number {
    return sum(this.holds.filter((hold) => hold.sku === sku && samePlace(hold, place)).map((hold) => hold.remaining))
  }

  private allocated(sku: string, place: ModelPlace): number {
    return sum(
      this.lines(sku).flatMap((line) =>
        line.allocations.filter((allocation) => samePlace(allocation, place)).map((allocation) => allocation.quantity)
      )
    )
  }

  private free(sku: string, place: ModelPlace): number {
    return this.onHand(sku, place) - this.held(sku, place) - this.allocated(sku, place)
  }

  private places(sku: string): ReadonlyArray<ModelPlace> {
    const places: Array<ModelPlace> = []
    for (const movement of this.moved) {
      if (movement.sku !== sku) continue
      for (const place of [movement.from, movement.to]) {
        if (!places.some((known) => samePlace(known, place))) places.push(place)
      }
    }
    return places
  }

  private promisablePlaces(sku: string): ReadonlyArray<ModelPlace> {
    return this.places(sku).filter((place) => place.condition === "good" && this.isSellable(place.location))
  }

  private supplies(sku: string): ReadonlyArray<Supply> {
    return this.promisablePlaces(sku).map((place) => ({
      location: place.location,
      quantity: Math.max(0, this.free(sku, place))
    }))
  }

  private claims(sku: string): ReadonlyArray<Claim> {
    return this.lines(sku)
      .filter((line) => line.reserved > 0)
      .map((line) => ({ scope: line.scope, exactly: line.exactly, quantity: line.reserved }))
  }

  private matching(sku: string): Matching {
    return new Matching(this.supplies(sku), (location, claim) =>
      claim.exactly ? location === claim.scope : this.isInside(location, claim.scope)
    )
  }

  /** How much of a claim can be met without taking anything from the claims there are. */
  private promisable(sku: string, claim: Claim, also: ReadonlyArray<Claim> = []): number {
    const matching = this.matching(sku)
    for (const other of [...this.claims(sku), ...also]) matching.add(other)
    return matching.add(claim)
  }

  /** What each scope has over what is claimed inside it, from scratch. What a place lacks, it lacks alone. */
  private rooms(sku: string): ReadonlyMap<string, number> {
    const rooms = new Map<string, number>()
    const supplies = this.supplies(sku)
    const claims = this.claims(sku)
    const visit = (id: string): number => {
      const exactly =
        sum(supplies.filter((supply) => supply.location === id).map((supply) => supply.quantity)) -
        sum(claims.filter((claim) => claim.exactly && claim.scope === id).map((claim) => claim.quantity))
      const children = this.locations.filter((location) => location.parent === id)
      const within =
        Math.max(0, exactly) +
        sum(children.map((child) => Math.max(0, visit(child.id)))) -
        sum(claims.filter((claim) => !claim.exactly && claim.scope === id).map((claim) => claim.quantity))
      rooms.set(`exactly ${id}`, exactly)
      rooms.set(`within ${id}`, within)
      return within
    }
    visit("world")
    return rooms
  }

  /** Whether some scope lacks more than it did. */
  private isShorter(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean {
    return [...after].some(([scope, room]) => room < 0 && room < (before.get(scope) ?? 0))
  }

  private openLocation(id: string, kinds: ReadonlyArray<string>): Verdict {
    const location = this.location(id)
    if (location === undefined) return "UnknownLocation"
    if (location.closed) return "LocationIsClosed"
    return kinds.includes(location.kind) ? accepted : "WrongKindOfLocation"
  }

  private stockLocation(id: string): Verdict {
    return this.openLocation(id, ["site", "zone", "bin", "transit"])
  }

  private activeSku(id: string): Verdict {
    const sku = this.skus.find((other) => other.id === id)
    return sku === undefined ? "UnknownSku" : sku.retired ? "SkuIsRetired" : accepted
  }

  private knownSku(id: string): Verdict {
    return this.skus.some((sku) => sku.id === id) ? accepted : "UnknownSku"
  }

  private codeIsTaken(code: string, by: string): boolean {
    return this.skus.some((sku) => !sku.retired && sku.code === code && sku.id !== by)
  }

  private registerSku(input: StepOf<"registerSku">["input"]): Verdict {
    if (this.knownSku(input.id) === accepted) return "SkuExists"
    const code = input.code ?? input.id
    if (this.codeIsTaken(code, input.id)) return "SkuCodeTaken"
    this.skus.push({ id: input.id, code, retired: false, backorders: input.shortage === "backorder" })
    return accepted
  }

  private changeSkuCode(input: StepOf<"changeSkuCode">["input"]): Verdict {
    const verdict = this.activeSku(input.id)
    if (verdict !== accepted) return verdict
    if (this.codeIsTaken(input.code, input.id)) return "SkuCodeTaken"
    for (const sku of this.skus) if (sku.id === input.id) sku.code = input.code
    return accepted
  }

  private retireSku(id: string): Verdict {
    const verdict = this.activeSku(id)
    if (verdict !== accepted) return verdict
    const stocked = this.places(id).some(
      (place) => this.location(place.location)?.kind !== "virtual" && this.onHand(id, place) !== 0
    )
    if (stocked || this.lines(id).some((line) => openOf(line) > 0)) return "SkuInUse"
    for (const sku of this.skus) if (sku.id === id) sku.retired = true
    return accepted
  }

  private registerLocation(input: StepOf<"registerLocation">["input"]): Verdict {
    if (this.location(input.id) !== undefined) return "LocationExists"
    const parent = input.parent ?? "world"
    const verdict = this.validParent(input.kind, parent)
    if (verdict !== accepted) return verdict
    this.locations.push({ id: input.id, kind: input.kind, parent, closed: false })
    return accepted
  }

  private validParent(kind: string, parent: string): Verdict {
    const verdict = this.openLocation(parent, parents[kind] ?? [])
    return verdict === "WrongKindOfLocation" ? "InvalidParent" : verdict
  }

  private reparentLocation(input: StepOf<"reparentLocation">["input"]): Verdict {
    const location = this.location(input.id)
    if (location === undefined) return "UnknownLocation"
    if (location.closed) return "LocationIsClosed"
    if (["world", "supplier", "customer", "loss"].includes(input.id)) return "InvalidParent"
    const verdict = this.validParent(location.kind, input.parent)
    if (verdict !== accepted) return verdict
    if (this.isInside(input.parent, input.id)) return "InvalidParent"
    const before = this.skus.map((sku) => this.rooms(sku.id))
    const old = location.parent
    location.parent = input.parent
    const shorter = this.skus.some((sku, index) => this.isShorter(before[index] ?? new Map(), this.rooms(sku.id)))
    if (shorter) {
      location.parent = old
      return "ClaimsWouldBreak"
    }
    for (const sku of this.skus) this.fill(sku.id)
    return accepted
  }

  /** A hold on goods that are gone or cannot be promised does not keep a place open, nor does unmet demand. */
  private closeLocation(id: string): Verdict {
    const location = this.location(id)
    if (location === undefined) return "UnknownLocation"
    if (location.closed) return "LocationIsClosed"
    if (["world", "supplier", "customer", "loss"].includes(id)) return "LocationInUse"
    if (this.locations.some((other) => other.parent === id && !other.closed)) return "LocationInUse"
    for (const sku of this.skus) {
      const here = this.places(sku.id).filter((place) => place.location === id)
      if (here.some((place) => this.onHand(sku.id, place) !== 0)) return "LocationInUse"
      const promisable = here.filter((place) => place.condition === "good" && this.isSellable(id))
      if (promisable.some((place) => this.held(sku.id, place) + this.allocated(sku.id, place) > 0)) return "LocationInUse"
      if (this.claims(sku.id).some((claim) => claim.scope === id)) return "LocationInUse"
    }
    location.closed = true
    return accepted
  }

  /** Whether a movement keeps every balance countable. */
  private canCount(sku: string, quantity: number, from: ModelPlace, to: ModelPlace): Verdict {
    const total = sum(
      this.places(sku)
        .filter((place) => this.isSellable(place.location))
        .map((place) => this.onHand(sku, place))
    )
    const balances = [this.onHand(sku, to), -this.onHand(sku, from), total]
    return balances.some((balance) => balance > exactMax - quantity) ? "QuantityOverflow" : accepted
  }

  private receive(input: StepOf<"receive">["input"]): Verdict {
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

  private move(input: StepOf<"move">["input"]): Verdict {
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

  private issue(input: StepOf<"issue">["input"]): Verdict {
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

  private takeBack(input: StepOf<"return">["input"]): Verdict {
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

  private adjust(input: StepOf<"adjust">["input"]): Verdict {
    const at = placeOf(input.at, input.condition, input.owner)
    const verdict = first(
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.at)
    )
    return verdict === accepted
      ? this.correct(input.sku, at, input.direction === "increase" ? input.quantity : -input.quantity)
      : verdict
  }

  private count(input: StepOf<"count">["input"]): Verdict {
    const at = placeOf(input.at, input.condition, input.owner)
    const verdict = first(
      () => this.knownSku(input.sku),
      () => this.stockLocation(input.at)
    )
    return verdict === accepted ? this.correct(input.sku, at, input.quantity - this.onHand(input.sku, at)) : verdict
  }

  private correct(sku: string, at: ModelPlace, change: number): Verdict {
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

  private placeHold(input: StepOf<"placeHold">["input"]): Verdict {
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

  private liftHold(input: StepOf<"liftHold">["input"]): Verdict {
    const hold = this.holds.find((other) => other.id === input.id)
    if (hold === undefined) return "UnknownHold"
    if (hold.remaining === 0) return "HoldAlreadyLifted"
    const quantity = input.quantity ?? hold.remaining
    if (quantity > hold.remaining) return "HoldExceeded"
    hold.remaining -= quantity
    this.fill(hold.sku)
    return accepted
  }

  private reserve(input: StepOf<"reserve">["input"], now: number): Verdict {
    if (this.reservations.some((other) => other.id === input.id)) return "ReservationExists"
    const expiresAt = input.expiresAt === undefined ? now + msOf(input.expiresIn ?? 0) : msOf(input.expiresAt)
    if (expiresAt <= now) return "ExpiryTooEarly"
    const lines: Array<Line> = []
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

  /** Stock that became promisable goes to the demand that has waited longest. */
  private fill(sku: string): void {
    const waiting = this.lines(sku).filter((line) => line.backordered > 0)
    for (const line of [...waiting].sort((a, b) => a.since - b.since)) {
      const quantity = this.promisable(sku, { scope: line.scope, exactly: line.exactly, quantity: line.backordered })
      line.reserved += quantity
      line.backordered -= quantity
    }
  }

  private live(id: string): Reservation | Verdict {
    const reservation = this.reservations.find((other) => other.id === id)
    if (reservation === undefined) return "UnknownReservation"
    if (reservation.status === "expired") return "ReservationExpired"
    if (reservation.status === "released") return "ReservationAlreadyReleased"
    if (reservation.status === "shipped") return "ReservationAlreadyShipped"
    return reservation
  }

  private extend(input: StepOf<"extend">["input"], now: number): Verdict {
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
  private parts(
    reservation: Reservation,
    asked: ReadonlyArray<{ readonly line: number; readonly quantity?: number }> | undefined,
    leftOf: (line: Line) => number
  ): ReadonlyMap<Line, number> | Verdict {
    const parts = new Map<Line, number>()
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

  private release(input: StepOf<"release">["input"]): Verdict {
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
  private takeAllocated(line: Line, quantity: number): ReadonlyArray<ModelPlace & { quantity: number }> {
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

  private finish(reservation: Reservation): void {
    if (reservation.lines.some((line) => openOf(line) > 0)) return
    reservation.status = reservation.lines.some((line) => line.shipped > 0) ? "shipped" : "released"
  }

  /** Narrow claims come first; among equals the one that confirms. It succeeds if every line of it is met then. */
  private confirm(id: string, confirmed: ReadonlyArray<ConfirmedLine> | undefined): Verdict {
    const reservation = this.live(id)
    if (typeof reservation === "string") return reservation
    if (reservation.status === "confirmed") return "ReservationAlreadyConfirmed"
    if (reservation.lines.some((line) => line.backordered > 0)) return "ReservationBackordered"
    for (const sku of new Set(reservation.lines.map((line) => line.sku))) {
      const breadth = (line: Line) => (line.exactly ? 0.5 : 1) - this.upwards(line.scope).length
      const mine = (line: Line) => reservation.lines.includes(line)
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
  private adopt(reservation: Reservation, confirmed: ReadonlyArray<ConfirmedLine>): void {
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
        if (!inScope || !promisable || allocation.quantity <= 0 || this.free(line.sku, allocation) < allocation.quantity) {
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

  private ship(input: StepOf<"ship">["input"]): Verdict {
    const reservation = this.live(input.reservation)
    if (typeof reservation === "string") return reservation
    if (reservation.status === "active") return "ReservationNotConfirmed"
    const parts = this.parts(reservation, input.lines, allocatedOf)
    if (typeof parts === "string") return parts
    const leaving: Array<Moved> = []
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

/** The first refusal, checking in this order. */
const first = (...checks: ReadonlyArray<() => Verdict>): Verdict => {
  for (const check of checks) {
    const verdict = check()
    if (verdict !== accepted) return verdict
  }
  return accepted
}
