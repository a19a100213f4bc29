/** Randomness that a seed replays. */

/** Mixes two integers into 32 bits that look random (the finalizer of MurmurHash3). */
const mix = (seed: number, salt: number): number => {
  let h = (seed ^ Math.imul(salt, 0x9e3779b1)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0
  return (h ^ (h >>> 16)) >>> 0
}

/** A number in [0, 1) that depends on nothing but its arguments: buyers may ask in any order. */
export const chance = (seed: number, ...salts: ReadonlyArray<number>): number =>
  salts.reduce((h, salt) => mix(h, salt), mix(seed >>> 0, 0)) / 2 ** 32

/** A stream of numbers in [0, 1). */
export const randomFrom = (seed: number): (() => number) => {
  let step = 0
  return () => chance(seed, ++step)
}
