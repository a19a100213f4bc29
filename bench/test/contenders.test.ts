import { testDatabase } from "@holdfast/testkit/services/vitest"
import { describe, expect, it } from "vitest"
import { contenderNames } from "../model/Contender.ts"
import { contenders } from "../contenders/index.ts"
import { decide } from "../contenders/statements.ts"
import { type Order, skuId } from "../model/Scenario.ts"
import { withClient } from "../server/postgres.ts"

const racers = 60
const units = 25
const skus = 12

describe.each(contenderNames)("%s", (name) => {
  const contender = contenders[name]

  it("sells exactly what there is, whole orders or nothing, and its check says so and would say otherwise", async () => {
    const url = await testDatabase()
    const stock = new Map(
      Array.from({ length: skus }, (_, index): readonly [string, number] => [skuId(index), 1_000_000])
    )
    stock.set("scarce", units)
    await withClient(url, (admin) => contender.prepare(admin, url, stock))
    const session = await contender.open({ url, connections: 6, worker: 0 })
    const race = Array.from({ length: contender.decides ? racers : 0 }, (_, index): Order => {
      // A refusal for want of the scarce SKU must leave the plentiful one alone, whichever line comes first.
      const lines = [
        { sku: "scarce", quantity: 1 },
        { sku: skuId(index % skus), quantity: 3 }
      ]
      return {
        id: `race-${index}`,
        lines: index % 3 === 0 ? lines.slice(0, 1) : index % 3 === 1 ? lines : lines.reverse()
      }
    })
    // All SKUs, in opposite orders: a deadlock if locks were taken as they come.
    const all = Array.from({ length: skus }, (_, index) => ({ sku: skuId(index), quantity: 2 }))
    const crossing = Array.from(
      { length: 30 },
      (_, index): Order => ({ id: `cross-${index}`, lines: index % 2 === 0 ? all : [...all].reverse() })
    )
    let answers: ReadonlyArray<readonly [Order, boolean]>
    try {
      answers = await Promise.all(
        [...race, ...crossing].map(async (order) => [order, await session.reserve(order)] as const)
      )
    } finally {
      await session.close()
    }
    const accepted = answers.flatMap(([order, reserved]) => (reserved ? order.lines : []))
    const sum = (lines: ReadonlyArray<{ readonly quantity: number }>) =>
      lines.reduce((total, line) => total + line.quantity, 0)
    const scarce = sum(accepted.filter(({ sku }) => sku === "scarce"))
    if (contender.decides) expect(scarce).toBe(units)
    const acknowledged = {
      orders: answers.filter(([, reserved]) => reserved).length,
      units: sum(accepted),
      scarceUnits: scarce
    }
    expect(await withClient(url, (admin) => contender.check(admin, url, acknowledged))).toEqual([])

    const lied = { ...acknowledged, orders: acknowledged.orders + 1, units: acknowledged.units + 1 }
    expect(await withClient(url, (admin) => contender.check(admin, url, lied))).not.toEqual([])
  })
})

describe("deciding by hand", () => {
  const order: Order = {
    id: "o",
    lines: [
      { sku: "b", quantity: 2 },
      { sku: "a", quantity: 1 }
    ]
  }

  it("takes all lines, in the order of locks", () => {
    const left = decide(order, [
      { sku: "a", available: 1 },
      { sku: "b", available: 5 }
    ])
    expect([...(left ?? [])]).toEqual([
      ["a", 0],
      ["b", 3]
    ])
  })

  it("refuses the order for one short line, or an unknown SKU", () => {
    expect(
      decide(order, [
        { sku: "a", available: 1 },
        { sku: "b", available: 1 }
      ])
    ).toBeUndefined()
    expect(decide(order, [{ sku: "b", available: 5 }])).toBeUndefined()
  })
})
