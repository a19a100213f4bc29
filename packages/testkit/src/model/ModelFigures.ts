/** Every figure of the reference model, computed from all facts each time, so that nothing can drift. */
import {
  accepted,
  exactMax,
  type ModelAvailability,
  type ModelHold,
  type ModelLine,
  type ModelLocation,
  type ModelMoved,
  type ModelPlace,
  type ModelReservation,
  type ModelSku,
  samePlace,
  sum,
  type Verdict
} from "./ModelFacts.ts"
import { type Claim, type Supply, Matching } from "./promise.ts"

/** Facts, and the figures that follow from them. */
export class ModelFigures {
  protected readonly skus: Array<ModelSku> = []
  protected readonly locations: Array<ModelLocation> = [
    { id: "world", kind: "world", parent: undefined, closed: false },
    ...["supplier", "customer", "loss"].map((id) => ({ id, kind: "virtual", parent: "world", closed: false }))
  ]
  protected readonly moved: Array<ModelMoved> = []
  protected readonly holds: Array<ModelHold> = []
  protected readonly reservations: Array<ModelReservation> = []
  protected age = 0

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

  protected location(id: string): ModelLocation | undefined {
    return this.locations.find((location) => location.id === id)
  }

  protected isSellable(id: string): boolean {
    return ["site", "zone", "bin"].includes(this.location(id)?.kind ?? "")
  }

  /** The location and everything it lies in, up to `world`. */
  protected upwards(id: string): ReadonlyArray<string> {
    const parent = this.location(id)?.parent
    return parent === undefined ? [id] : [id, ...this.upwards(parent)]
  }

  protected isInside(id: string, scope: string): boolean {
    return this.upwards(id).includes(scope)
  }

  protected lines(sku: string): ReadonlyArray<ModelLine> {
    return this.reservations.flatMap((reservation) => reservation.lines.filter((line) => line.sku === sku))
  }

  protected onHand(sku: string, place: ModelPlace): number {
    let units = 0
    for (const movement of this.moved) {
      if (movement.sku !== sku) continue
      if (samePlace(movement.from, place)) units -= movement.quantity
      if (samePlace(movement.to, place)) units += movement.quantity
    }
    return units
  }

  protected held(sku: string, place: ModelPlace): number {
    return sum(this.holds.filter((hold) => hold.sku === sku && samePlace(hold, place)).map((hold) => hold.remaining))
  }

  protected allocated(sku: string, place: ModelPlace): number {
    return sum(
      this.lines(sku).flatMap((line) =>
        line.allocations.filter((allocation) => samePlace(allocation, place)).map((allocation) => allocation.quantity)
      )
    )
  }

  protected free(sku: string, place: ModelPlace): number {
    return this.onHand(sku, place) - this.held(sku, place) - this.allocated(sku, place)
  }

  protected places(sku: string): ReadonlyArray<ModelPlace> {
    const places: Array<ModelPlace> = []
    for (const movement of this.moved) {
      if (movement.sku !== sku) continue
      for (const place of [movement.from, movement.to]) {
        if (!places.some((known) => samePlace(known, place))) places.push(place)
      }
    }
    return places
  }

  protected promisablePlaces(sku: string): ReadonlyArray<ModelPlace> {
    return this.places(sku).filter((place) => place.condition === "good" && this.isSellable(place.location))
  }

  protected supplies(sku: string): ReadonlyArray<Supply> {
    return this.promisablePlaces(sku).map((place) => ({
      location: place.location,
      quantity: Math.max(0, this.free(sku, place))
    }))
  }

  protected claims(sku: string): ReadonlyArray<Claim> {
    return this.lines(sku)
      .filter((line) => line.reserved > 0)
      .map((line) => ({ scope: line.scope, exactly: line.exactly, quantity: line.reserved }))
  }

  protected matching(sku: string): Matching {
    return new Matching(this.supplies(sku), (location, claim) =>
      claim.exactly ? location === claim.scope : this.isInside(location, claim.scope)
    )
  }

  /** How much of a claim can be met without taking anything from the claims there are. */
  protected promisable(sku: string, claim: Claim, also: ReadonlyArray<Claim> = []): number {
    const matching = this.matching(sku)
    for (const other of [...this.claims(sku), ...also]) matching.add(other)
    return matching.add(claim)
  }

  /** What each scope has over what is claimed inside it, from scratch. What a place lacks, it lacks alone. */
  protected rooms(sku: string): ReadonlyMap<string, number> {
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
  protected isShorter(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean {
    return [...after].some(([scope, room]) => room < 0 && room < (before.get(scope) ?? 0))
  }

  protected openLocation(id: string, kinds: ReadonlyArray<string>): Verdict {
    const location = this.location(id)
    if (location === undefined) return "UnknownLocation"
    if (location.closed) return "LocationIsClosed"
    return kinds.includes(location.kind) ? accepted : "WrongKindOfLocation"
  }

  protected stockLocation(id: string): Verdict {
    return this.openLocation(id, ["site", "zone", "bin", "transit"])
  }

  protected activeSku(id: string): Verdict {
    const sku = this.skus.find((other) => other.id === id)
    return sku === undefined ? "UnknownSku" : sku.retired ? "SkuIsRetired" : accepted
  }

  protected knownSku(id: string): Verdict {
    return this.skus.some((sku) => sku.id === id) ? accepted : "UnknownSku"
  }
  /** Stock that became promisable goes to the demand that has waited longest. */
  protected fill(sku: string): void {
    const waiting = this.lines(sku).filter((line) => line.backordered > 0)
    for (const line of [...waiting].sort((a, b) => a.since - b.since)) {
      const quantity = this.promisable(sku, { scope: line.scope, exactly: line.exactly, quantity: line.backordered })
      line.reserved += quantity
      line.backordered -= quantity
    }
  }
}
