/**
 * A warehouse of 50,000 bins with stock of a thousand SKUs or more, each in a thousand bins.
 *
 * The engine itself fills the bins for every twentieth SKU, event by event. The other SKUs get copies of those rows
 * under their own id: the state that the same commands would have made, without waiting for a million of them. Their
 * events are missing, so `verify` would find differences here; `checkCopies` proves instead that copies equal originals.
 */
import type { Inventory } from "@holdfast/core"
import type pg from "pg"
import { skuId } from "../model/Scenario.ts"
import type { MeasureSize } from "../model/Measure.ts"

export const warehouse = "warehouse"
const zones = 50
export const binsPerSku = 1_000
const copies = 20
const together = 2_000

/** The id of a bin. */
export const binId = (index: number): string => `bin-${String(index).padStart(5, "0")}`

/** Bins of the n-th original SKU: every `step`-th, so that a SKU lies all over the warehouse. */
const binsOf = (original: number, originals: number, bins: number): ReadonlyArray<string> =>
  Array.from({ length: binsPerSku }, (_, index) => binId((index * originals + original) % bins))

const inPages = async <A>(
  items: ReadonlyArray<A>,
  run: (item: A) => Promise<unknown>,
  say: (done: number) => void
): Promise<void> => {
  for (let from = 0; from < items.length; from += together) {
    await Promise.all(items.slice(from, from + together).map(run))
    say(Math.min(items.length, from + together))
  }
}

/** Fills the warehouse. */
export const fillWarehouse = async (
  inventory: Inventory,
  admin: pg.Client,
  size: MeasureSize,
  say: (text: string) => void
): Promise<void> => {
  await inventory.registerLocation({ id: warehouse, kind: "site" })
  const zoneIds = Array.from({ length: zones }, (_, zone) => `zone-${zone}`)
  await inPages(
    zoneIds,
    (id) => inventory.registerLocation({ id, kind: "zone", parent: warehouse }),
    () => {}
  )
  const binIds = Array.from({ length: size.bins }, (_, bin) => bin)
  await inPages(
    binIds,
    (bin) => inventory.registerLocation({ id: binId(bin), kind: "bin", parent: `zone-${bin % zones}` }),
    (done) => say(`${done} bins`)
  )
  const originals = Math.ceil(size.skus / copies)
  const arrivals = Array.from({ length: originals }, (_, original) => original).flatMap((original) =>
    binsOf(original, originals, size.bins).map((bin, index) => ({
      sku: skuId(original),
      to: bin,
      quantity: 1 + (index % 7)
    }))
  )
  await inPages(
    arrivals.slice(0, originals * binsPerSku).filter((_, index) => index % binsPerSku === 0),
    ({ sku }) => inventory.registerSku({ id: sku, code: sku }),
    () => {}
  )
  await inPages(
    arrivals,
    (arrival) => inventory.receive(arrival),
    (done) => say(`${done} arrivals`)
  )
  say(`copying to ${size.skus} SKUs`)
  await admin.query(
    `CREATE TABLE copies AS
       SELECT 'sku-' || lpad(original::text, 5, '0') AS original, 'sku-' || lpad(copy::text, 5, '0') AS copy
         FROM generate_series(0, $1::integer - 1) original,
              LATERAL (SELECT original + $1::integer * n AS copy FROM generate_series(1, $2::integer - 1) n) copies
        WHERE copy < $3::integer`,
    [originals, copies, size.skus]
  )
  for (const table of ["levels", "positions", "skus"]) await copyRows(admin, table)
  await admin.query("VACUUM ANALYZE")
}

/** Copies the rows of originals under the ids of their copies. */
const copyRows = async (admin: pg.Client, table: string): Promise<void> => {
  const key = table === "skus" ? "id" : "sku"
  const { rows } = await admin.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'holdfast' AND table_name = $1 ORDER BY ordinal_position`,
    [table]
  )
  const columns = rows.map(({ name }) => name)
  const values = columns.map((name) => (name === key || name === "code" ? "c.copy" : `t."${name}"`))
  await admin.query(
    `INSERT INTO holdfast.${table} (${columns.map((name) => `"${name}"`).join(", ")})
     SELECT ${values.join(", ")} FROM copies c JOIN holdfast.${table} t ON t.${key} = c.original`
  )
}

/** Whether a copy answers as its original does, and as a plain sum over its positions says. */
export const checkCopies = async (
  inventory: Inventory,
  admin: pg.Client,
  size: MeasureSize
): Promise<ReadonlyArray<string>> => {
  const originals = Math.ceil(size.skus / copies)
  const problems: Array<string> = []
  for (let original = 0; original < originals; original += Math.max(1, Math.floor(originals / 10))) {
    const pair = [skuId(original), skuId(original + originals)]
    const [first, second] = await inventory.availability({ skus: pair, within: warehouse })
    const { rows } = await admin.query<{ sum: string }>(
      `SELECT sum(on_hand) AS sum FROM holdfast.positions p JOIN holdfast.locations l ON l.log = p.log AND l.id = p.location
        WHERE p.sku = $1 AND l.kind = 'bin'`,
      [pair[1]]
    )
    if (first?.available !== second?.available || second?.available !== Number(rows[0]?.sum)) {
      problems.push(
        `${pair.join(" and ")}: ${first?.available} and ${second?.available} available, ${rows[0]?.sum} in the bins`
      )
    }
  }
  return problems
}
