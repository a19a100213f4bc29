/**
 * How much can be promised, found by trying: claims are matched with units by augmenting paths, as a person would do
 * with chips on a table. It shares nothing with the levels of the domain, and it is slow on purpose.
 */

/** Free units at one place. */
export interface Supply {
  readonly location: string
  readonly quantity: number
}

/** Units wanted from anywhere in a scope. */
export interface Claim {
  readonly scope: string
  readonly exactly: boolean
  readonly quantity: number
}

/** Whether stock at a location may serve a claim. */
export type Serves = (location: string, claim: Claim) => boolean

/** Claims and the units that serve them. Claims added earlier never lose units to later ones, they only swap them. */
export class Matching {
  private readonly left: Array<number>
  private readonly claims: Array<Claim> = []
  private readonly given: Array<Array<number>> = []
  private readonly supplies: ReadonlyArray<Supply>
  private readonly serves: Serves

  constructor(supplies: ReadonlyArray<Supply>, serves: Serves) {
    this.supplies = supplies
    this.serves = serves
    this.left = supplies.map((supply) => supply.quantity)
  }

  /** Adds a claim and returns how much of it can be met without taking anything from those before it. */
  add(claim: Claim): number {
    const index = this.claims.push(claim) - 1
    this.given.push(this.supplies.map(() => 0))
    let met = 0
    while (met < claim.quantity) {
      const more = this.augment(index, claim.quantity - met)
      if (more === 0) break
      met += more
    }
    return met
  }

  /** Breadth first from the claim to a supply with units left; every claim on the way passes units on. */
  private augment(start: number, wanted: number): number {
    const cameFrom = new Map<number, { readonly claim: number; readonly supply: number }>([
      [start, { claim: -1, supply: -1 }]
    ])
    const queue = [start]
    for (const claim of queue) {
      for (const [supply, { location }] of this.supplies.entries()) {
        if (!this.serves(location, this.claims[claim] as Claim)) continue
        if ((this.left[supply] as number) > 0) return this.shift(cameFrom, claim, supply, wanted)
        for (const [other, units] of this.given.entries()) {
          if ((units[supply] as number) === 0 || cameFrom.has(other)) continue
          cameFrom.set(other, { claim, supply })
          queue.push(other)
        }
      }
    }
    return 0
  }

  private shift(
    cameFrom: ReadonlyMap<number, { readonly claim: number; readonly supply: number }>,
    last: number,
    supply: number,
    wanted: number
  ): number {
    let amount = Math.min(wanted, this.left[supply] as number)
    for (let at = last, step = cameFrom.get(at); step !== undefined && step.claim >= 0; step = cameFrom.get(at)) {
      amount = Math.min(amount, this.given[at]?.[step.supply] as number)
      at = step.claim
    }
    this.left[supply] = (this.left[supply] as number) - amount
    this.give(last, supply, amount)
    for (let at = last, step = cameFrom.get(at); step !== undefined && step.claim >= 0; step = cameFrom.get(at)) {
      this.give(at, step.supply, -amount)
      this.give(step.claim, step.supply, amount)
      at = step.claim
    }
    return amount
  }

  private give(claim: number, supply: number, amount: number): void {
    const units = this.given[claim] as Array<number>
    units[supply] = (units[supply] as number) + amount
  }
}
