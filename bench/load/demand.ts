/** Orders without end, the same for the same seed. */
import { type Order, type OrderLine, type Scenario, skuCount, skuId } from "../model/Scenario.ts"

/** A small generator of uniform numbers in [0, 1): mulberry32. Quality enough for picking SKUs, and it replays. */
export const uniform = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Popularity by Zipf's law with exponent 1: the n-th SKU is asked for 1/n as often as the first. Over 10,000 SKUs the
 * first gets one pick in ten, the first hundred get half.
 */
const cumulative = (count: number): Float64Array => {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank
    sums[rank - 1] = sum
  }
  return sums.map((value) => value / sum)
}

let popularity: Float64Array | undefined

const pickSkewed = (random: () => number): number => {
  popularity ??= cumulative(skuCount)
  const wanted = random()
  let low = 0
  let high = skuCount - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((popularity[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

const skewedLines = (count: number, random: () => number): ReadonlyArray<OrderLine> => {
  if (count === 1) return [{ sku: skuId(pickSkewed(random)), quantity: 1 }]
  const picked = new Set<number>()
  while (picked.size < count) picked.add(pickSkewed(random))
  return [...picked].map((index) => ({ sku: skuId(index), quantity: 1 }))
}

/** The next order of one client. Ids are unique over clients, processes and phases by their prefix. */
export const ordersOf = (
  scenario: Scenario,
  prefix: string,
  seed: number,
  fromFile: ReadonlyArray<ReadonlyArray<OrderLine>>
): (() => Order) => {
  const random = uniform(seed)
  const hot: ReadonlyArray<OrderLine> = [{ sku: skuId(0), quantity: 1 }]
  let count = 0
  let next = Math.floor(random() * Math.max(1, fromFile.length))
  return () => {
    const id = `${prefix}-${(count++).toString(36)}`
    switch (scenario.demand) {
      case "hot":
        return { id, lines: hot }
      case "skewed":
        return { id, lines: skewedLines(scenario.lines, random) }
      case "file":
        return { id, lines: fromFile[next++ % fromFile.length] ?? [] }
    }
  }
}
