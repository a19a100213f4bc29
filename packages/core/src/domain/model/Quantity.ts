/**
 * Quantities: safe integers counted in the SKU's base unit at the SKU's scale. A SKU kept in kilograms with scale 3 is
 * counted in grams. There is no float anywhere, so n in and n out is exactly zero.
 */
import { Schema } from "effect"

/** Largest quantity, balance or running total: 2^53 − 1. Sums beyond it are refused as `QuantityOverflow`. */
export const quantityMax = Number.MAX_SAFE_INTEGER

const isWhole = Schema.makeFilter((value: number) =>
  Number.isNaN(value)
    ? "must be a number, got NaN"
    : !Number.isInteger(value)
      ? `must be a whole number, got ${value}`
      : value > quantityMax
        ? `must be at most ${quantityMax}, got ${value}`
        : undefined
)

/** A quantity to move, hold or claim: 1 to 2^53 − 1, in base units. */
export const Quantity = Schema.Number.check(
  isWhole,
  Schema.makeFilter((value: number) => (value >= 1 ? undefined : `must be at least 1, got ${value}`))
)

/** A counted quantity: 0 to 2^53 − 1, in base units. */
export const CountedQuantity = Schema.Number.check(
  isWhole,
  Schema.makeFilter((value: number) => (value >= 0 ? undefined : `must not be negative, got ${value}`))
)
