/** What the reference model keeps: lists of facts, in the vocabulary of the design and not in the domain's. */
import type { Claim } from "./promise.ts"

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

export interface ModelSku {
  readonly id: string
  code: string
  retired: boolean
  readonly backorders: boolean
}

export interface ModelLocation {
  readonly id: string
  readonly kind: string
  parent: string | undefined
  closed: boolean
}

export interface ModelMoved {
  readonly sku: string
  readonly quantity: number
  readonly from: ModelPlace
  readonly to: ModelPlace
}

export interface ModelHold extends ModelPlace {
  readonly id: string
  readonly sku: string
  remaining: number
}

export interface ModelLine extends Claim {
  readonly sku: string
  readonly since: number
  reserved: number
  backordered: number
  allocations: Array<ModelPlace & { quantity: number }>
  shipped: number
  returned: number
}

export interface ModelReservation {
  readonly id: string
  status: "active" | "confirmed" | "shipped" | "released" | "expired"
  expiresAt: number
  readonly extendableUntil: number
  readonly lines: ReadonlyArray<ModelLine>
}

export const accepted = "accepted"
export const exactMax = Number.MAX_SAFE_INTEGER
export const dayMs = 86_400_000

export const samePlace = (a: ModelPlace, b: ModelPlace): boolean =>
  a.location === b.location && a.condition === b.condition && a.owner === b.owner

export const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

export const allocatedOf = (line: ModelLine): number => sum(line.allocations.map((allocation) => allocation.quantity))

export const openOf = (line: ModelLine): number => line.reserved + line.backordered + allocatedOf(line)

export const placeOf = (location: string, condition: string | undefined, owner: string | undefined): ModelPlace => ({
  location,
  condition: condition ?? "good",
  owner: owner ?? "self"
})

export const msOf = (value: number | string | Date): number => {
  if (typeof value === "number") return value
  throw new Error("the model reads instants and durations in milliseconds only")
}

/** The first refusal, checking in this order. */
export const first = (...checks: ReadonlyArray<() => Verdict>): Verdict => {
  for (const check of checks) {
    const verdict = check()
    if (verdict !== accepted) return verdict
  }
  return accepted
}
