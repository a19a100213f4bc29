/** How long things took, and how many there were. Histograms have a fixed size, however long the run. */
import { build, type Histogram } from "hdr-histogram-js"

/** Longest time that is told apart, in microseconds: ten minutes. */
const highestMicros = 600_000_000

/** What a customer's life consists of, and what else the demo does. */
export const steps = [
  "register",
  "receive",
  "reserve",
  "confirm",
  "ship",
  "release",
  "return",
  "count",
  "hold",
  "lift"
] as const
export type Step = (typeof steps)[number]

/** Times of one step, or of several, in milliseconds. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: highestMicros, numberOfSignificantValueDigits: 3 })

/** In milliseconds. A histogram answers with the end of a bucket, which may lie a little beyond the longest time of all. */
const percentile = (histogram: Histogram, percent: number): number =>
  Math.min(histogram.getValueAtPercentile(percent), histogram.maxValue) / 1_000

const timesOf = (histogram: Histogram): Times => ({
  count: histogram.totalCount,
  p50: percentile(histogram, 50),
  p99: percentile(histogram, 99),
  max: histogram.maxValue / 1_000
})

/** Times by step. A refused command counts as well: it was answered. */
export class StepTimes {
  readonly #histograms = new Map<Step, Histogram>()

  /** Runs a command and takes its time. */
  async timed<A>(step: Step, command: () => Promise<A>): Promise<A> {
    const from = performance.now()
    try {
      return await command()
    } finally {
      let histogram = this.#histograms.get(step)
      if (histogram === undefined) {
        histogram = newHistogram()
        this.#histograms.set(step, histogram)
      }
      histogram.recordValue(Math.min(highestMicros, Math.max(1, Math.round((performance.now() - from) * 1_000))))
    }
  }

  of(step: Step): Times | undefined {
    const histogram = this.#histograms.get(step)
    return histogram === undefined ? undefined : timesOf(histogram)
  }

  /** Several steps as one. */
  together(chosen: ReadonlyArray<Step>): Times {
    const sum = newHistogram()
    for (const step of chosen) {
      const histogram = this.#histograms.get(step)
      if (histogram !== undefined) sum.add(histogram)
    }
    return timesOf(sum)
  }

  /** The one of some steps with the highest p99. */
  slowest(chosen: ReadonlyArray<Step>): { readonly step: Step; readonly times: Times } | undefined {
    let slowest: { readonly step: Step; readonly times: Times } | undefined
    for (const step of chosen) {
      const times = this.of(step)
      if (times !== undefined && (slowest === undefined || times.p99 > slowest.times.p99)) slowest = { step, times }
    }
    return slowest
  }
}

/** What became of orders and their units. */
export interface Tally {
  orders: number
  lines: number
  shipped: number
  refused: number
  released: number
  abandoned: number
  /** Confirmed, and not shipped yet. */
  waiting: number
  unitsAsked: number
  unitsShipped: number
  unitsRefused: number
  unitsReleased: number
  unitsAbandoned: number
  unitsWaiting: number
  readonly refusals: Map<string, number>
  /** When the last abandoned claim dies, epoch milliseconds. */
  lastExpiry: number
}

export const newTally = (): Tally => ({
  orders: 0,
  lines: 0,
  shipped: 0,
  refused: 0,
  released: 0,
  abandoned: 0,
  waiting: 0,
  unitsAsked: 0,
  unitsShipped: 0,
  unitsRefused: 0,
  unitsReleased: 0,
  unitsAbandoned: 0,
  unitsWaiting: 0,
  refusals: new Map(),
  lastExpiry: 0
})

/** Keeps a fair sample of a stream in bounded memory (Vitter's algorithm R). */
export class Sample<A> {
  readonly kept: Array<A> = []
  readonly #size: number
  readonly #random: () => number
  #seen = 0

  constructor(size: number, random: () => number) {
    this.#size = size
    this.#random = random
  }

  add(item: A): void {
    this.#seen++
    if (this.kept.length < this.#size) this.kept.push(item)
    else {
      const place = Math.floor(this.#random() * this.#seen)
      if (place < this.#size) this.kept[place] = item
    }
  }
}
