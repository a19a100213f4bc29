/** Random numbers from a seed: the same seed gives the same numbers, on every machine and for ever. */

/** See the top of the file. Streams that must not disturb each other are {@link split} from one seed. */
export class Random {
  #state: number

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0, less than 1. (mulberry32) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** True about once in `1 / probability` times. Draws nothing when it cannot be true. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** One of the items, of which there must be one. */
  pick<T>(items: ReadonlyArray<T>): T {
    const item = items[this.int(0, items.length - 1)]
    if (item === undefined) throw new Error("nothing to pick from")
    return item
  }

  /** A stream of its own, so that more draws here do not change the draws there. */
  split(): Random {
    return new Random(Math.floor(this.next() * 4_294_967_296))
  }
}
