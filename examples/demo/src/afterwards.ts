/** The day after: abandoned claims are dead, a few goods come back, some bins are counted, some units are put on hold. */
import { InsufficientStock, type Inventory } from "@holdfast/core"
import type { Books } from "./books.ts"
import type { Abandoned, ShippedLine } from "./buyers.ts"
import type { StepTimes } from "./figures.ts"
import { binsFor } from "./warehouse.ts"

/** SKUs to count and to put on hold. */
const countsMax = 24
const holdsMax = 12

/** What is worked on. */
export interface Aftermath {
  readonly inventory: Inventory
  readonly books: Books
  readonly times: StepTimes
  readonly stop: AbortSignal
}

/** What happened. */
export interface Afterwards {
  readonly returned: number
  readonly counted: number
  /** Units that counts found missing. */
  readonly missing: number
  readonly held: number
  readonly lifted: number
}

/** Waits until an instant, or until the run is to stop. Returns whether the instant was reached. */
export const waitUntil = (instant: number, stop: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (stop.aborted) return resolve(false)
    const end = (reached: boolean) => {
      clearTimeout(timer)
      stop.removeEventListener("abort", stopped)
      resolve(reached)
    }
    const stopped = () => end(false)
    const timer = setTimeout(() => end(true), Math.max(0, instant - Date.now()))
    stop.addEventListener("abort", stopped)
  })

/** Asks the inventory about abandoned reservations. Returns sentences about those that it does not call expired. */
export const checkExpired = async (
  inventory: Inventory,
  abandoned: ReadonlyArray<Abandoned>
): Promise<ReadonlyArray<string>> => {
  const alive: Array<string> = []
  for (const { reservation } of abandoned) {
    const row = await inventory.reservation(reservation)
    if (row?.status !== "expired") alive.push(`the abandoned reservation ${reservation} is ${row?.status ?? "unknown"}`)
  }
  return alive
}

/** Brings one unit of each line back to the bin it came from. */
const takeBack = async (work: Aftermath, lines: ReadonlyArray<ShippedLine>): Promise<number> => {
  let returned = 0
  // Two samples may be of one line; only as many units can come back as went.
  const back = new Map<string, number>()
  for (const { reservation, line, sku, quantity, from } of lines) {
    if (work.stop.aborted) break
    const key = JSON.stringify([reservation, line])
    const before = back.get(key) ?? 0
    if (before >= quantity) continue
    back.set(key, before + 1)
    const receipt = await work.times.timed("return", () =>
      work.inventory.return({
        sku,
        to: from,
        quantity: 1,
        reasonCode: "changed-mind",
        reservation: { id: reservation, line }
      })
    )
    work.books.of(sku).returned += receipt.quantity
    returned += receipt.quantity
  }
  return returned
}

/** Counts bins. Every third count finds one unit too few, where one is free to be missing. */
const countBins = async (work: Aftermath, places: ReadonlyArray<Place>) => {
  let counted = 0
  let missing = 0
  for (const [index, { sku, bin }] of places.entries()) {
    if (work.stop.aborted) break
    const [figures] = await work.inventory.availability({ skus: [sku], exactly: bin })
    const lost = index % 3 === 2 && (figures?.available ?? 0) > 0 ? 1 : 0
    const receipt = await work.times.timed("count", () =>
      work.inventory.count({ sku, at: bin, quantity: (figures?.onHand ?? 0) - lost, reasonCode: "cycle-count" })
    )
    work.books.of(sku).counted += receipt.variance
    counted++
    missing -= receipt.variance
  }
  return { counted, missing }
}

/** Puts two units of each on hold where they are free, and lifts some of that again: all, or one of two. */
const placeHolds = async (work: Aftermath, places: ReadonlyArray<Place>) => {
  let held = 0
  let lifted = 0
  for (const [index, { sku, bin }] of places.entries()) {
    if (work.stop.aborted) break
    const id = `hold-${index + 1}`
    try {
      await work.times.timed("hold", () =>
        work.inventory.placeHold({ id, sku, at: bin, quantity: 2, reasonCode: "quality" })
      )
    } catch (error) {
      if (error instanceof InsufficientStock) continue
      throw error
    }
    held += 2
    work.books.of(sku).held += 2
    if (index % 3 === 0) continue
    const lift = await work.times.timed("lift", () =>
      work.inventory.liftHold(index % 3 === 1 ? { id } : { id, quantity: 1 })
    )
    lifted += lift.quantity
    work.books.of(sku).held -= lift.quantity
  }
  return { held, lifted }
}

/** A SKU and one of its bins. */
interface Place {
  readonly sku: string
  readonly bin: string
}

/** Bins spread over the catalogue, the most contested SKU's first. */
const choosePlaces = (skus: ReadonlySet<string>, first: string | undefined, wanted: number): ReadonlyArray<Place> => {
  const every = Math.max(1, Math.floor(skus.size / wanted))
  const places: Array<Place> = []
  let number = 0
  for (const sku of skus) {
    const bin = binsFor(number)[number % 2] as string
    if (sku === first) places.unshift({ sku, bin })
    else if (number % every === 0) places.push({ sku, bin })
    number++
  }
  return places.slice(0, wanted)
}

/** Returns, counts and holds, in that order. */
export const afterwards = async (
  work: Aftermath,
  skus: ReadonlySet<string>,
  shipped: ReadonlyArray<ShippedLine>
): Promise<Afterwards> => {
  const first = work.books.mostContested()
  const returned = await takeBack(work, shipped)
  const counts = await countBins(work, choosePlaces(skus, first, countsMax))
  const holds = await placeHolds(work, choosePlaces(skus, first, holdsMax))
  return { returned, ...counts, ...holds }
}
