/** The reference model's rules for SKUs and locations. */
import { ModelFigures } from "./ModelFigures.ts"
import { accepted, openOf, type Verdict } from "./ModelFacts.ts"
import type { StepOf } from "./Step.ts"

const parents: Readonly<Record<string, ReadonlyArray<string>>> = {
  site: ["world", "site"],
  zone: ["site", "zone"],
  bin: ["site", "zone"],
  transit: ["world"],
  virtual: ["world"]
}

/** What may be registered, changed and ended. */
export class ModelCatalogue extends ModelFigures {
  protected codeIsTaken(code: string, by: string): boolean {
    return this.skus.some((sku) => !sku.retired && sku.code === code && sku.id !== by)
  }

  protected registerSku(input: StepOf<"registerSku">["input"]): Verdict {
    if (this.knownSku(input.id) === accepted) return "SkuExists"
    const code = input.code ?? input.id
    if (this.codeIsTaken(code, input.id)) return "SkuCodeTaken"
    this.skus.push({ id: input.id, code, retired: false, backorders: input.shortage === "backorder" })
    return accepted
  }

  protected changeSkuCode(input: StepOf<"changeSkuCode">["input"]): Verdict {
    const verdict = this.activeSku(input.id)
    if (verdict !== accepted) return verdict
    if (this.codeIsTaken(input.code, input.id)) return "SkuCodeTaken"
    for (const sku of this.skus) if (sku.id === input.id) sku.code = input.code
    return accepted
  }

  protected retireSku(id: string): Verdict {
    const verdict = this.activeSku(id)
    if (verdict !== accepted) return verdict
    const stocked = this.places(id).some(
      (place) => this.location(place.location)?.kind !== "virtual" && this.onHand(id, place) !== 0
    )
    if (stocked || this.lines(id).some((line) => openOf(line) > 0)) return "SkuInUse"
    for (const sku of this.skus) if (sku.id === id) sku.retired = true
    return accepted
  }

  protected registerLocation(input: StepOf<"registerLocation">["input"]): Verdict {
    if (this.location(input.id) !== undefined) return "LocationExists"
    const parent = input.parent ?? "world"
    const verdict = this.validParent(input.kind, parent)
    if (verdict !== accepted) return verdict
    this.locations.push({ id: input.id, kind: input.kind, parent, closed: false })
    return accepted
  }

  protected validParent(kind: string, parent: string): Verdict {
    const verdict = this.openLocation(parent, parents[kind] ?? [])
    return verdict === "WrongKindOfLocation" ? "InvalidParent" : verdict
  }

  protected reparentLocation(input: StepOf<"reparentLocation">["input"]): Verdict {
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
  protected closeLocation(id: string): Verdict {
    const location = this.location(id)
    if (location === undefined) return "UnknownLocation"
    if (location.closed) return "LocationIsClosed"
    if (["world", "supplier", "customer", "loss"].includes(id)) return "LocationInUse"
    if (this.locations.some((other) => other.parent === id && !other.closed)) return "LocationInUse"
    for (const sku of this.skus) {
      const here = this.places(sku.id).filter((place) => place.location === id)
      if (here.some((place) => this.onHand(sku.id, place) !== 0)) return "LocationInUse"
      const promisable = here.filter((place) => place.condition === "good" && this.isSellable(id))
      if (promisable.some((place) => this.held(sku.id, place) + this.allocated(sku.id, place) > 0))
        return "LocationInUse"
      if (this.claims(sku.id).some((claim) => claim.scope === id)) return "LocationInUse"
    }
    location.closed = true
    return accepted
  }
}
