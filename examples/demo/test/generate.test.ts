import { describe, expect, it } from "vitest"
import { fateOf } from "../src/buyers.ts"
import { generatedOrders } from "../src/orders/generate.ts"
import type { Order } from "../src/orders/Order.ts"

const all = async (seed: number, orders = 2_000): Promise<ReadonlyArray<Order>> => {
  const made: Array<Order> = []
  for await (const order of generatedOrders({ seed, orders }).orders()) made.push(order)
  return made
}

describe("generated orders", () => {
  it("are the same for the same seed, and others for another", async () => {
    const first = await all(7)
    expect(await all(7)).toEqual(first)
    expect(await all(8)).not.toEqual(first)
  })
  it("name one SKU twice in about one of nine", async () => {
    const doubles = (await all(7)).filter(
      ({ lines }) => new Set(lines.map(({ sku }) => sku)).size < lines.length
    ).length
    expect(doubles / 2_000).toBeGreaterThan(0.08)
    expect(doubles / 2_000).toBeLessThan(0.15)
  })
  it("want few SKUs much and many a little", async () => {
    const wanted = new Map<string, number>()
    for (const { lines } of await all(7)) for (const { sku } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + 1)
    const counts = [...wanted.values()].sort((a, b) => b - a)
    const sum = counts.reduce((a, b) => a + b, 0)
    const tenth = counts.slice(0, counts.length / 10).reduce((a, b) => a + b, 0)
    expect(tenth / sum).toBeGreaterThan(0.25)
  })
  it("are what their survey says, quantities whole and positive", async () => {
    const orders = await all(7)
    const lines = orders.flatMap((order) => order.lines)
    const survey = await generatedOrders({ seed: 7, orders: 2_000 }).survey(new AbortController().signal)
    expect(survey).toMatchObject({
      orders: orders.length,
      lines: lines.length,
      units: lines.reduce((sum, { quantity }) => sum + quantity, 0)
    })
    expect(
      lines.filter(({ sku, quantity }) => !survey.skus.has(sku) || !Number.isInteger(quantity) || quantity < 1)
    ).toEqual([])
  })
  it("meet the same fate under the same seed, and every fate occurs", async () => {
    const orders = await all(7)
    const fates = orders.map((order) => fateOf(7, order))
    expect(orders.map((order) => fateOf(7, order))).toEqual(fates)
    expect(new Set(fates.map(({ fate }) => fate)).size).toBe(6)
    expect(new Set(fates.map(({ within }) => within)).size).toBe(3)
  })
})
