/** The latest movements of the positions that a SKU's stock lies at: what is behind the figure on hand. */
import {
  type Event,
  getLocation,
  isPromisable,
  isSellable,
  type Movement,
  positions,
  type View
} from "../domain/index.ts"

/** Movements to name for one position. */
const movementsMax = 20

type End = Movement["from"]

const keyOf = (end: End): string => [end.location, end.lot, end.condition, end.owner].join("\u0000")

/** Filled with a SKU's events, newest first. */
export class MovementTrail {
  readonly #sku: string
  readonly #found = new Map<string, Array<number>>()
  #unexplained: number

  constructor(view: View, sku: string) {
    this.#sku = sku
    for (const row of view.group(positions, "stockOfSku", sku)) {
      const location = getLocation(view, row.location)
      if (isPromisable(row.condition) && location !== undefined && isSellable(location)) this.#found.set(keyOf(row), [])
    }
    this.#unexplained = this.#found.size
  }

  /** Whether every position has a movement by now. */
  get isComplete(): boolean {
    return this.#unexplained === 0
  }

  add(event: Event): void {
    const { movements } = event.data as { readonly movements?: ReadonlyArray<Movement> }
    for (const movement of movements ?? []) {
      if (movement.sku !== this.#sku) continue
      for (const end of [movement.from, movement.to]) this.#note(this.#found.get(keyOf(end)), event.position)
    }
  }

  #note(found: Array<number> | undefined, position: number): void {
    if (found === undefined || found.length >= movementsMax || found.at(-1) === position) return
    if (found.length === 0) this.#unexplained--
    found.push(position)
  }

  /** Log positions of the latest events that moved units to or from a position, newest first. */
  of(place: End): ReadonlyArray<number> {
    return this.#found.get(keyOf(place)) ?? []
  }
}
