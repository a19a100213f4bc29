/** The log by itself: contiguous, in order of time, one run of events per command, and balances that people could count. */
import {
  type Event,
  type EventBody,
  evolve,
  getLocation,
  type Place,
  positions,
  violations,
  World
} from "@holdfast/core/domain"
import type { Facts } from "../Facts.ts"

/** Positions are 1, 2, 3, …; time never runs backwards; a command's events stand together. */
export function* contiguity({ events }: Facts): Generator<string> {
  let last: Event | undefined
  for (const [index, event] of events.entries()) {
    if (event.position !== index + 1) {
      yield `the log has event ${event.position} where event ${index + 1} is due`
      return
    }
    if (last !== undefined && event.recordedAt < last.recordedAt) {
      yield `event ${event.position} was recorded at ${event.recordedAt}, before the event in front of it (${last.recordedAt})`
    }
    const continues = last !== undefined && last.commandPosition === event.commandPosition
    if (continues ? last?.commandId !== event.commandId : event.commandPosition !== event.position) {
      yield `event ${event.position} of ${event.commandId} names ${event.commandPosition} as its command's first event`
    }
    last = event
  }
}

interface Movement {
  readonly sku: string
  readonly quantity: number
  readonly from: Place
  readonly to: Place
}

const nameOf = (sku: string, { location, lot, condition, owner }: Place): string =>
  `${sku} at ${[location, lot, condition, owner].filter((part) => part !== "").join(" / ")}`

const movementsOf = (event: EventBody): ReadonlyArray<Movement> =>
  (event.data as { readonly movements?: ReadonlyArray<Movement> }).movements ?? []

/**
 * Units are conserved: what all places together have on hand is what the events moved, and no unit appears from
 * nowhere. Balances are never negative where a person could count. Every law of the domain holds in the end.
 */
export function* balances({ events }: Facts): Generator<string> {
  const world = new World()
  const moved = new Map<string, number>()
  const touch = (sku: string, place: Place, change: number) => {
    const key = nameOf(sku, place)
    moved.set(key, (moved.get(key) ?? 0) + change)
  }
  for (const event of events) {
    for (const { sku, quantity, from, to } of movementsOf(event)) {
      if (quantity <= 0) yield `event ${event.position} moves ${quantity} of ${sku}`
      touch(sku, from, -quantity)
      touch(sku, to, quantity)
      for (const place of [from, to]) {
        const left = moved.get(nameOf(sku, place)) ?? 0
        if (left < 0 && getLocation(world, place.location)?.kind !== "virtual") {
          yield `event ${event.position} leaves ${left} of ${nameOf(sku, place)}`
        }
      }
    }
    try {
      world.absorb(evolve(world, event))
    } catch (error) {
      yield `event ${event.position} (${event.type}) does not follow from the events before it: ${String(error)}`
      return
    }
  }
  const sums = new Map<string, number>()
  for (const row of world.all(positions)) {
    touch(row.sku, row, -row.onHand)
    sums.set(row.sku, (sums.get(row.sku) ?? 0) + row.onHand)
  }
  for (const [sku, sum] of sums) if (sum !== 0) yield `${sum} units of ${sku} came from nowhere`
  for (const [place, difference] of moved)
    if (difference !== 0) yield `${place}: the movements make ${difference} more than there is`
  yield* violations(world)
}
