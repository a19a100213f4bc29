/** Orders made up from a seed: a few articles that everybody wants and many that few want, as in a real shop. */
import { BadRows } from "./BadRows.ts"
import type { Order, OrderLine, OrderSource } from "./Order.ts"
import { randomFrom } from "./random.ts"

const things = [
  "mug",
  "bowl",
  "plate",
  "jug",
  "vase",
  "lamp",
  "clock",
  "tray",
  "towel",
  "apron",
  "basket",
  "candle",
  "cushion",
  "doormat",
  "frame",
  "hook",
  "kettle",
  "lantern",
  "mirror",
  "napkin"
]
const kinds = [
  "blue",
  "red",
  "green",
  "white",
  "black",
  "oak",
  "brass",
  "linen",
  "striped",
  "dotted",
  "small",
  "large",
  "tall",
  "round",
  "square",
  "vintage",
  "garden",
  "winter",
  "summer",
  "party"
]

/** How many orders, and of what. */
export interface Generated {
  readonly seed: number
  readonly orders: number
  /** How many SKUs there are to choose from: 400 at most. */
  readonly skus?: number
  /** How steep the popularity is: the n-th SKU is wanted 1 / n^skew as often as the first. Default: 0.7. */
  readonly skew?: number
}

/** Every how many orders one names a SKU twice, about. The real shop's file: one in nine. */
const doubleShare = 1 / 9

/** The whole catalogue, most popular first. */
export const catalogue = (seed: number, count: number): ReadonlyArray<string> => {
  const random = randomFrom(seed)
  return things
    .flatMap((thing) => kinds.map((kind) => ({ sku: `${thing}-${kind}`, order: random() })))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ sku }) => sku)
}

/** Draws the n-th of a list with a probability that falls as a power of n (Zipf's law). */
const zipf = (count: number, skew: number, random: () => number): (() => number) => {
  const cumulated: Array<number> = []
  let sum = 0
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank ** skew
    cumulated.push(sum)
  }
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulated[middle] ?? sum) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

function* makeOrders(options: Required<Generated>): Generator<Order, void, undefined> {
  const skus = catalogue(options.seed, options.skus)
  const random = randomFrom(options.seed + 1)
  const rank = zipf(skus.length, options.skew, random)
  for (let number = 1; number <= options.orders; number++) {
    const lines: Array<OrderLine> = []
    // Most orders are short, some are long.
    const size = 1 + Math.floor(8 * random() ** 2)
    const taken = new Set<number>()
    while (lines.length < size) {
      const drawn = rank()
      if (taken.has(drawn)) continue
      taken.add(drawn)
      lines.push({ sku: skus[drawn] ?? "", quantity: random() < 0.8 ? 1 : 2 + Math.floor(random() * 3) })
      if (taken.size === skus.length) break
    }
    const again = lines[Math.floor(random() * lines.length)]
    if (again !== undefined && random() < doubleShare) lines.push({ sku: again.sku, quantity: 1 })
    yield { id: `order-${number}`, number, lines }
  }
}

/** See the top of the file. The same options give the same orders. */
export const generatedOrders = (options: Generated): OrderSource => {
  const whole = { skus: 400, skew: 0.7, ...options }
  return {
    name: "generated orders",
    survey: async () => {
      const skus = new Set(catalogue(whole.seed, whole.skus))
      let lines = 0
      let units = 0
      for (const order of makeOrders(whole)) {
        lines += order.lines.length
        for (const { quantity } of order.lines) units += quantity
      }
      return { orders: whole.orders, lines, units, skus, badRows: new BadRows(), notes: [] }
    },
    async *orders() {
      yield* makeOrders(whole)
    }
  }
}
