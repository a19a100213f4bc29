/** Measures that are no race between contenders: how fast a rebuild is, a read of many SKUs, how much memory is used. */
import type { Server } from "../server/postgres.ts"

/** How big to make it. */
export interface MeasureSize {
  /** Events in the log that is rebuilt. */
  readonly rebuildEvents: number
  /** Bins with stock; each of every twentieth SKU is filled by the engine, the others are copies of it. */
  readonly bins: number
  /** SKUs, each at a thousand bins. */
  readonly skus: number
}

/** A figure for people, and the number behind it. */
export interface Figure {
  readonly label: string
  readonly value: string
  readonly number: number
}

/** What a measure found. */
export interface MeasureResult {
  readonly name: string
  readonly figures: ReadonlyArray<Figure>
  /** What is wrong; nothing if all is well. */
  readonly problems: ReadonlyArray<string>
}

/** A measure. `say` reports progress. */
export type Measure = (server: Server, size: MeasureSize, say: (text: string) => void) => Promise<MeasureResult>

/** A figure with its unit. */
export const figure = (label: string, number: number, unit: string, digits = 0): Figure => ({
  label,
  number,
  value: `${number.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`
})
