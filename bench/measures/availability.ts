/** How long one question about a thousand SKUs takes, over a warehouse of many bins. */
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import { skuId } from "../model/Scenario.ts"
import { median } from "../report/summary.ts"
import { withClient, withDatabase } from "../server/postgres.ts"
import { type Figure, figure, type Measure } from "../model/Measure.ts"
import { binId, checkCopies, fillWarehouse, warehouse } from "./warehouse.ts"

const skusAsked = 1_000
const warmUps = 20
const questions = 100

/** Availability of a thousand SKUs in the whole warehouse, in one zone and in one bin. */
export const measureAvailability: Measure = (server, size, say) =>
  withDatabase(server, async (url) => {
    await using inventory = await openInventory({ journal: postgres({ url }), commandSpans: false })
    return await withClient(url, async (admin) => {
      await fillWarehouse(inventory, admin, size, say)
      const { rows } = await admin.query<{ count: string }>(
        "SELECT count(*) AS count FROM holdfast.positions WHERE on_hand > 0"
      )
      const figures: Array<Figure> = [
        figure("positions in stock", Number(rows[0]?.count), "positions"),
        figure("bins", size.bins, "bins")
      ]
      const skus = Array.from({ length: Math.min(skusAsked, size.skus) }, (_, index) => skuId(index))
      const scopes = [
        ["within the warehouse", { within: warehouse }],
        ["within one of 50 zones", { within: "zone-7" }],
        ["in one bin", { exactly: binId(7) }]
      ] as const
      for (const [label, scope] of scopes) {
        say(`asking ${label}`)
        for (let question = 0; question < warmUps; question++) await inventory.availability({ skus, ...scope })
        const times: Array<number> = []
        for (let question = 0; question < questions; question++) {
          const startedAt = performance.now()
          await inventory.availability({ skus, ...scope })
          times.push(performance.now() - startedAt)
        }
        times.sort((a, b) => a - b)
        figures.push(
          figure(`availability of ${skus.length} SKUs ${label}, p50`, median(times), "ms", 2),
          figure(
            `availability of ${skus.length} SKUs ${label}, p99`,
            times[Math.floor(questions * 0.99) - 1] ?? Number.NaN,
            "ms",
            2
          )
        )
      }
      return { name: "availability", figures, problems: await checkCopies(inventory, admin, size) }
    })
  })
