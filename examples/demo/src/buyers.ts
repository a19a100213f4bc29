/**
 * The life of an order, and the buyers who live it.
 *
 *     reserve ─┬─ refused
 *              ├─ abandoned ─ expires by itself
 *              ├─ released
 *              └─ confirm ─┬─ shipped, at once or in two goes
 *                          ├─ released after all
 *                          └─ waiting to be shipped
 *
 * What a buyer does is drawn from the seed and the order's own number, so the same seed replays the same intentions
 * whatever the timing.
 */
import {
  InsufficientStock,
  type Inventory,
  InventoryClosed,
  LogGap,
  Overloaded,
  ReservationExists,
  StorageUnavailable
} from "@holdfast/core"
import type { Books } from "./books.ts"
import type { Sample, StepTimes, Tally } from "./figures.ts"
import type { Order } from "./orders/Order.ts"
import { chance } from "./orders/random.ts"
import { country, sites } from "./warehouse.ts"

/** How an order ends, if it is not refused. */
export type Fate = "ship" | "shipInParts" | "wait" | "release" | "releaseFirm" | "abandon"

/** Where the fates end on a scale of 100; so 74 of 100 are shipped in one go. */
const fates: ReadonlyArray<readonly [Fate, number]> = [
  ["ship", 74],
  ["shipInParts", 80],
  ["wait", 81],
  ["release", 87],
  ["releaseFirm", 91],
  ["abandon", 100]
]

/** Of 100 orders, those that want everything from one site: collected there. */
const collectedShare = 10

/** How long a buyer who means it may take between reserving and confirming. */
const patience = "15 minutes"

/** A line that left the house. */
export interface ShippedLine {
  readonly reservation: string
  readonly line: number
  readonly sku: string
  readonly quantity: number
  readonly from: string
}

/** A reservation that nobody will come back to. */
export interface Abandoned {
  readonly reservation: string
  readonly expiresAt: number
}

/** What the replay works on and writes down. */
export interface Replay {
  readonly inventory: Inventory
  readonly books: Books
  readonly times: StepTimes
  readonly tally: Tally
  readonly shipped: Sample<ShippedLine>
  readonly abandoned: Sample<Abandoned>
  readonly seed: number
  /** How long an abandoned claim lives, in milliseconds. */
  readonly abandonedMs: number
  /** Aborted when no more orders should be taken. Those begun are lived to their end. */
  readonly stop: AbortSignal
  readonly onOrder: (done: number) => void
}

/** What a buyer will do about an order. */
export const fateOf = (seed: number, order: Order): { readonly fate: Fate; readonly within: string } => {
  const drawn = chance(seed, order.number, 1) * 100
  const fate = fates.find(([, end]) => drawn < end)?.[0] ?? "ship"
  const collected = chance(seed, order.number, 2) * 100 < collectedShare
  const site = sites[Math.floor(chance(seed, order.number, 3) * sites.length)] ?? country
  return { fate, within: collected ? site : country }
}

/** Lets a number of buyers take orders from one stream until it ends. */
export const replay = async (
  run: Replay,
  orders: AsyncGenerator<Order, void, undefined>,
  buyers: number
): Promise<void> => {
  let failed = false
  const buyer = async () => {
    while (!run.stop.aborted && !failed) {
      const next = await orders.next()
      if (next.done === true) return
      try {
        await live(run, next.value)
      } catch (error) {
        failed = true
        throw error
      }
      run.onOrder(run.tally.orders)
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: buyers }, buyer))
  await orders.return()
  const failure = ended.find((end) => end.status === "rejected")
  if (failure !== undefined) throw failure.reason
}

const live = async (run: Replay, order: Order): Promise<void> => {
  const { books, tally } = run
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0)
  tally.orders++
  tally.lines += order.lines.length
  tally.unitsAsked += units
  for (const { sku } of order.lines) books.of(sku).wanted++
  const { fate, within } = fateOf(run.seed, order)
  const claim = await reserve(run, order, fate, within)
  if (claim === undefined) {
    tally.refused++
    tally.unitsRefused += units
    return
  }
  switch (fate) {
    case "abandon":
      tally.abandoned++
      tally.unitsAbandoned += units
      tally.lastExpiry = Math.max(tally.lastExpiry, claim.expiresAt)
      run.abandoned.add(claim)
      return
    case "release":
      return release(run, order, claim.reservation, units)
    default:
      if (await confirm(run, order, claim.reservation)) return fulfil(run, order, claim.reservation, fate, units)
  }
}

/** Effective when the order was placed, where the source says so. */
const when = (order: Order) => (order.effectiveAt === undefined ? {} : { effectiveAt: order.effectiveAt })

/** Claims all lines or none. An id that an earlier order has used gets the order's own number behind it. */
const reserve = async (run: Replay, order: Order, fate: Fate, within: string): Promise<Abandoned | undefined> => {
  for (let id = order.id; ; id = `${order.id}@${order.number}`) {
    try {
      return await run.times.timed("reserve", () =>
        run.inventory.reserve({
          id,
          owner: order.id,
          reference: order.id,
          expiresIn: fate === "abandon" ? run.abandonedMs : patience,
          lines: order.lines.map((line) => ({ ...line, within })),
          ...when(order)
        })
      )
    } catch (error) {
      if (error instanceof ReservationExists && id === order.id) continue
      noteRefusal(run, error)
      if (error instanceof InsufficientStock) run.books.of(error.sku).refused++
      return undefined
    }
  }
}

/** Makes the claim firm. Stock that was promised has to be there: if it is not, it was sold twice. */
const confirm = async (run: Replay, order: Order, reservation: string): Promise<boolean> => {
  try {
    await run.times.timed("confirm", () => run.inventory.confirm({ reservation, ...when(order) }))
    return true
  } catch (error) {
    noteRefusal(run, error)
    if (error instanceof InsufficientStock) run.books.of(error.sku).broken += error.requested - error.available
    run.tally.refused++
    run.tally.unitsRefused += order.lines.reduce((sum, line) => sum + line.quantity, 0)
    return false
  }
}

const fulfil = async (run: Replay, order: Order, reservation: string, fate: Fate, units: number): Promise<void> => {
  if (fate === "releaseFirm") return release(run, order, reservation, units)
  if (fate === "wait") {
    run.tally.waiting++
    run.tally.unitsWaiting += units
    for (const { sku, quantity } of order.lines) run.books.of(sku).waiting += quantity
    return
  }
  if (fate === "shipInParts" && order.lines.length > 1) await ship(run, order, reservation, [{ line: 1 }])
  await ship(run, order, reservation)
  run.tally.shipped++
}

/** Ships some lines, or all that is left, and books what the answer says left. */
const ship = async (
  run: Replay,
  order: Order,
  reservation: string,
  lines?: ReadonlyArray<{ readonly line: number }>
): Promise<void> => {
  const receipt = await run.times.timed("ship", () =>
    run.inventory.ship({ reservation, ...(lines === undefined ? {} : { lines }), ...when(order) })
  )
  for (const shipped of receipt.lines) {
    run.books.of(shipped.sku).shipped += shipped.quantity
    run.tally.unitsShipped += shipped.quantity
    run.shipped.add({ reservation, ...shipped })
  }
}

const release = async (run: Replay, order: Order, reservation: string, units: number): Promise<void> => {
  await run.times.timed("release", () => run.inventory.release({ reservation, ...when(order) }))
  run.tally.released++
  run.tally.unitsReleased += units
}

/** Counts a refusal by its name. What is no refusal, a dead storage say, ends the run. */
const noteRefusal = (run: Replay, error: unknown): void => {
  const fatal = [StorageUnavailable, InventoryClosed, LogGap, Overloaded].some((type) => error instanceof type)
  if (fatal || !(error instanceof Error) || !("_tag" in error)) throw error
  const name = String(error._tag)
  run.tally.refusals.set(name, (run.tally.refusals.get(name) ?? 0) + 1)
}
