/** Reads a file of real orders. Lines of one order that name a SKU twice are added up: the SQL contenders need that. */
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { parse } from "csv-parse"
import type { OrderLine } from "../model/Scenario.ts"

/** Most lines of an order that is taken into the benchmark; bigger ones are left out, and counted. */
const linesMax = 1_000

/** The orders of a file, and its SKUs. */
export interface OrderFile {
  readonly orders: ReadonlyArray<ReadonlyArray<OrderLine>>
  readonly skus: ReadonlyArray<string>
  readonly skipped: number
}

/** Reads `order_id,sku,quantity` from a csv or csv.gz. Rows without a positive whole quantity are left out. */
export const readOrders = async (file: string): Promise<OrderFile> => {
  const raw = createReadStream(file)
  const text = file.endsWith(".gz") ? raw.pipe(createGunzip()) : raw
  const orders = new Map<string, Map<string, number>>()
  let skipped = 0
  for await (const row of text.pipe(parse({ columns: true, skip_records_with_error: true }))) {
    const { order_id: order, sku, quantity } = row as Record<string, string>
    const units = Number(quantity)
    if (!order || !sku || !Number.isSafeInteger(units) || units < 1) {
      skipped++
      continue
    }
    const lines = orders.get(order) ?? new Map<string, number>()
    orders.set(order, lines.set(sku, (lines.get(sku) ?? 0) + units))
  }
  const small = [...orders.values()].filter((lines) => lines.size <= linesMax)
  return {
    orders: small.map((lines) => [...lines].map(([sku, units]) => ({ sku, quantity: units }))),
    skus: [...new Set(small.flatMap((lines) => [...lines.keys()]))],
    skipped: skipped + orders.size - small.length
  }
}
