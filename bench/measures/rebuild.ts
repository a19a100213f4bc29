/** How fast the rows are made again from the log, and proved equal to it. */
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import { ordersOf } from "../load/demand.ts"
import { plentyOf, type Scenario, site, skuCount, skuId } from "../model/Scenario.ts"
import { withDatabase } from "../server/postgres.ts"
import { figure, type Measure } from "../model/Measure.ts"

const scenario: Scenario = { name: "rebuild", demand: "skewed", clients: 1, processes: 1, lines: 1 }

const together = 2_000

/** A log of arrivals at 10,000 SKUs and reservations by popularity, every fourth of which is confirmed and shipped. */
export const measureRebuild: Measure = (server, size, say) =>
  withDatabase(server, async (url) => {
    await using inventory = await openInventory({ journal: postgres({ url }), commandSpans: false })
    await inventory.registerLocation({ id: site, kind: "site" })
    const skus = Math.min(skuCount, Math.floor(size.rebuildEvents / 10))
    for (let from = 0; from < skus; from += together) {
      const page = Array.from({ length: Math.min(together, skus - from) }, (_, index) => skuId(from + index))
      await Promise.all(page.map((sku) => inventory.registerSku({ id: sku, code: sku })))
      await Promise.all(page.map((sku) => inventory.receive({ sku, to: site, quantity: plentyOf })))
    }
    const nextOrder = ordersOf(scenario, "rebuild", 1, [])
    let { position } = await inventory.head()
    while (position < size.rebuildEvents) {
      const orders = Array.from({ length: together }, nextOrder).filter(
        ({ lines }) => (lines[0]?.sku ?? "") < skuId(skus)
      )
      await Promise.all(
        orders.map(async ({ id, lines }, index) => {
          await inventory.reserve({
            id,
            owner: "bench",
            expiresIn: "1 day",
            lines: lines.map((line) => ({ ...line, within: site }))
          })
          if (index % 4 !== 0) return
          await inventory.confirm({ reservation: id })
          await inventory.ship({ reservation: id })
        })
      )
      position = (await inventory.head()).position
      say(`log of ${position} events`)
    }
    say("rebuilding")
    let startedAt = performance.now()
    const rebuilt = await inventory.rebuild()
    const rebuildSeconds = (performance.now() - startedAt) / 1_000
    say("verifying")
    startedAt = performance.now()
    const verified = await inventory.verify()
    const verifySeconds = (performance.now() - startedAt) / 1_000
    return {
      name: "rebuild",
      figures: [
        figure("events in the log", rebuilt.position, "events"),
        figure("rows written", rebuilt.rows, "rows"),
        figure("rebuild: read, fold, write the rows, commit", rebuilt.position / rebuildSeconds, "events/s"),
        figure("verify: read, fold, compare with the rows", verified.events / verifySeconds, "events/s")
      ],
      problems: verified.ok ? [] : [...verified.differences.slice(0, 3), ...verified.violations.slice(0, 3)]
    }
  })
