/** Holdfast through its Promise face, with everything on but the span of each command. */
import { postgres } from "@holdfast/adapter-postgres"
import { type Inventory, InsufficientStock, openInventory } from "@holdfast/core"
import type pg from "pg"
import { scarceSku, site } from "../model/Scenario.ts"
import { type Contender, differs } from "../model/Contender.ts"
import { lifetimeMs } from "./tables.ts"

const schema = "holdfast"

const open = (url: string): Promise<Inventory> =>
  openInventory({ journal: postgres({ url, schema }), commandSpans: false })

/** Puts stock in through the front door. */
const fill = async (url: string, stock: ReadonlyMap<string, number>): Promise<void> => {
  await using inventory = await open(url)
  await inventory.registerLocation({ id: site, kind: "site" })
  const skus = [...stock]
  const step = 2_000
  for (let from = 0; from < skus.length; from += step) {
    const page = skus.slice(from, from + step)
    await Promise.all(page.map(([sku]) => inventory.registerSku({ id: sku, code: sku })))
    await Promise.all(page.map(([sku, quantity]) => inventory.receive({ sku, to: site, quantity })))
  }
}

export const holdfast: Contender = {
  name: "holdfast",
  decides: true,
  tunesConnections: false,
  prepare: (_admin, url, stock) => fill(url, stock),

  open: async ({ url }) => {
    const inventory = await open(url)
    return {
      reserve: async ({ id, lines }) => {
        try {
          await inventory.reserve({
            id,
            commandId: id,
            owner: "bench",
            expiresIn: lifetimeMs,
            lines: lines.map(({ sku, quantity }) => ({ sku, quantity, within: site }))
          })
          return true
        } catch (error) {
          if (error instanceof InsufficientStock) return false
          throw error
        }
      },
      close: () => inventory.close()
    }
  },

  check: async (admin: pg.Client, url, acknowledged) => {
    const { rows } = await admin.query<Record<string, string>>(
      `SELECT count(DISTINCT reservation) AS orders, coalesce(sum(reserved), 0) AS units,
              coalesce(sum(reserved) FILTER (WHERE sku = $1), 0) AS scarce,
              (SELECT count(*) FROM ${schema}.events WHERE type = 'ReservationMade') AS events,
              (SELECT sum(claimed_within) FROM ${schema}.levels WHERE location = $2) AS claimed,
              (SELECT count(*) FROM ${schema}.stock_levels WHERE available < 0) AS oversold
         FROM ${schema}.reservation_lines`,
      [scarceSku, site]
    )
    const found = rows[0] ?? {}
    await using inventory = await open(url)
    const verified = await inventory.verify()
    return [
      ...differs("reservations", Number(found["orders"]), acknowledged.orders),
      ...differs("events", Number(found["events"]), acknowledged.orders),
      ...differs("units reserved", Number(found["units"]), acknowledged.units),
      ...differs("units claimed of the levels", Number(found["claimed"]), acknowledged.units),
      ...differs("units of the scarce SKU", Number(found["scarce"]), acknowledged.scarceUnits),
      ...differs("oversold levels", Number(found["oversold"]), 0),
      ...verified.differences.slice(0, 3),
      ...verified.violations.slice(0, 3)
    ]
  }
}
