import { describe, expect, it } from "vitest"
import { ordersOf } from "../load/demand.ts"
import { type Scenario, skuCount, skuId } from "../model/Scenario.ts"

const scenario = (lines: number): Scenario => ({ name: "test", demand: "skewed", clients: 1, processes: 1, lines })

const take = (count: number, lines: number, seed: number) => {
  const next = ordersOf(scenario(lines), "test", seed, [])
  return Array.from({ length: count }, next)
}

describe("the demand", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(take(200, 3, 7)).toEqual(take(200, 3, 7))
    expect(take(200, 3, 7)).not.toEqual(take(200, 3, 8))
  })

  it("is skewed as Zipf's law says: one pick in ten for the first SKU, half of all for the first hundred", () => {
    const picks = take(50_000, 1, 1).map(({ lines }) => lines[0]?.sku ?? "")
    const first = picks.filter((sku) => sku === skuId(0)).length / picks.length
    const hundred = picks.filter((sku) => sku < skuId(100)).length / picks.length
    expect(first).toBeCloseTo(0.102, 2)
    expect(hundred).toBeCloseTo(0.53, 2)
    expect(picks.every((sku) => sku < skuId(skuCount))).toBe(true)
  })

  it("never names a SKU twice in one order, and never repeats an id", () => {
    const orders = take(300, 50, 2)
    for (const { lines } of orders) expect(new Set(lines.map(({ sku }) => sku)).size).toBe(50)
    expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length)
  })

  it("goes through a file of orders in its own order, and round again", () => {
    const file = ["a", "b", "c"].map((sku) => [{ sku, quantity: 2 }])
    const next = ordersOf({ ...scenario(1), demand: "file" }, "test", 3, file)
    const skus = Array.from({ length: 7 }, () => next().lines[0]?.sku ?? "").join("")
    expect("abcabcabcabc").toContain(skus)
  })
})
