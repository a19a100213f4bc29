/** What the demo replays, wherever it comes from. */
import type { BadRows } from "./BadRows.ts"

/** One line: so many units of one SKU. The same SKU may stand on several lines. */
export interface OrderLine {
  readonly sku: string
  readonly quantity: number
}

/** One order. */
export interface Order {
  readonly id: string
  /** Where it stands in its source: a line number, or a running number. No two orders of a source share it. */
  readonly number: number
  /** When it was placed, epoch milliseconds; absent where the source does not say. */
  readonly effectiveAt?: number
  readonly lines: ReadonlyArray<OrderLine>
}

/** What is known about a source before its orders are replayed. */
export interface Survey {
  readonly orders: number
  readonly lines: number
  readonly units: number
  /** Every SKU that an order names. */
  readonly skus: ReadonlySet<string>
  readonly badRows: BadRows
  /** Sentences about the source that a reader should know, such as orders that had to be split. */
  readonly notes: ReadonlyArray<string>
}

/** A stream of orders that can be looked over first. */
export interface OrderSource {
  /** A sentence that names it. */
  readonly name: string
  /** Reads it once, or as far as it comes before it is told to stop. */
  survey(stop: AbortSignal): Promise<Survey>
  /** The orders, one after the other. Nothing is kept of those that were given out. */
  orders(): AsyncGenerator<Order, void, undefined>
}
