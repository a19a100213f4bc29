/** Whether an engine that touches ever more of a big stock stays within the cache it was given. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import { uniform } from "../load/demand.ts"
import { skuId } from "../model/Scenario.ts"
import { withClient, withDatabase } from "../server/postgres.ts"
import { type Figure, figure, type Measure } from "../model/Measure.ts"
import { fillWarehouse, warehouse } from "./warehouse.ts"

/** The cache's setting: one row in a hundred of five million positions, and never more than one in twenty. */
const cacheRowsOf = (positions: number): number => Math.min(50_000, Math.floor(positions / 20))
const together = 500
const looks = 5

/** How much bigger the heap at the last look may be than at the first, which has filled the cache already. */
const growthMax = 1.25

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") collect()
}

const heapMiB = (): number => {
  collectGarbage()
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** Moves units between random bins until many times the cache's rows were touched, and looks at the heap on the way. */
export const measureMemory: Measure = (server, size, say) =>
  withDatabase(server, async (url) => {
    return await withClient(url, async (admin) => {
      {
        await using filling = await openInventory({ journal: postgres({ url }), commandSpans: false })
        await fillWarehouse(filling, admin, size, say)
      }
      const positions = size.skus * 1_000
      const cacheRowsMax = cacheRowsOf(positions)
      const before = heapMiB()
      await using inventory = await openInventory({ journal: postgres({ url }), commandSpans: false, cacheRowsMax })
      const random = uniform(1)
      const figures: Array<Figure> = [
        figure("positions in stock", positions, "positions"),
        figure("cacheRowsMax", cacheRowsMax, "rows")
      ]
      // Each arrival touches a position at either end, and a level in the bin, its zone, the warehouse and the world.
      const rowsPerCommand = 6
      const commandsPerLook = Math.ceil((cacheRowsMax * 2) / rowsPerCommand / together) * together
      const heaps: Array<number> = []
      for (let look = 1; look <= looks; look++) {
        for (let done = 0; done < commandsPerLook; done += together) {
          const places = await placesOf(admin, size.skus, random)
          await Promise.all(places.map(({ sku, location }) => inventory.receive({ sku, to: location, quantity: 1 })))
          say(`look ${look} of ${looks}: ${done + together} of ${commandsPerLook} commands`)
        }
        const heap = heapMiB() - before
        heaps.push(heap)
        figures.push(
          figure(
            `heap after about ${(look * commandsPerLook * rowsPerCommand).toLocaleString("en-US")} rows touched`,
            heap,
            "MiB",
            1
          )
        )
      }
      const [first = 0] = heaps
      const last = heaps.at(-1) ?? 0
      const [counted] = await inventory.availability({ skus: [skuId(0)], within: warehouse })
      const problems =
        last > first * growthMax ? [`the heap grew from ${first.toFixed(1)} to ${last.toFixed(1)} MiB`] : []
      if (counted === undefined || counted.available < 1) problems.push("the stock has vanished")
      return { name: "memory", figures, problems }
    })
  })

/** Some positions in stock, of SKUs picked at random. */
const placesOf = async (admin: import("pg").Client, skus: number, random: () => number) => {
  const picked = Array.from({ length: together }, () => skuId(Math.floor(random() * skus)))
  const offsets = picked.map(() => Math.floor(random() * 1_000))
  const { rows } = await admin.query<{ sku: string; location: string }>(
    `SELECT w.sku, p.location FROM unnest($1::text[], $2::integer[]) AS w(sku, skip)
      CROSS JOIN LATERAL (SELECT location FROM holdfast.positions p WHERE p.log = 'default' AND p.sku = w.sku AND p.on_hand > 0
                           ORDER BY location OFFSET w.skip LIMIT 1) p`,
    [picked, offsets]
  )
  return rows
}
