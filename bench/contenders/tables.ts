/**
 * The tables of the hand-written contenders: as small as they can be, in their favour. One stock row per SKU with room
 * on its page, so that updates stay on it and touch no index (HOT); one reservation row per line with no index but its
 * key. Holdfast's own tables have more of everything: history, idempotency, expiry, levels per location.
 */
import type pg from "pg"
import type { Acknowledged } from "../model/Contender.ts"
import { differs } from "../model/Contender.ts"

/** How long a reservation lives. */
export const lifetimeMs = 15 * 60_000

const tables = `
  CREATE TABLE stock (
    sku text COLLATE "C" PRIMARY KEY,
    available integer NOT NULL CHECK (available >= 0)
  ) WITH (fillfactor = 50);
  CREATE TABLE reservations (
    id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (id, sku)
  )`

/** Makes the tables and fills the stock. */
export const prepareTables = async (admin: pg.Client, stock: ReadonlyMap<string, number>): Promise<void> => {
  await admin.query(tables)
  await admin.query(
    "CREATE TABLE initial AS SELECT * FROM unnest($1::text[], $2::integer[]) AS initial(sku, available)",
    [[...stock.keys()], [...stock.values()]]
  )
  await admin.query("INSERT INTO stock SELECT * FROM initial")
  await admin.query("VACUUM ANALYZE stock")
}

/** Units sold = units acknowledged, by the reservations and by the stock, for every SKU. */
export const checkTables = async (
  admin: pg.Client,
  acknowledged: Acknowledged,
  scarceSku: string
): Promise<ReadonlyArray<string>> => {
  const { rows } = await admin.query<Record<string, string>>(
    `SELECT count(DISTINCT id) AS orders, coalesce(sum(quantity), 0) AS units,
            coalesce(sum(quantity) FILTER (WHERE sku = $1), 0) AS scarce,
            (SELECT sum(initial.available::bigint - stock.available) FROM initial JOIN stock USING (sku)) AS taken,
            (SELECT count(*) FROM stock WHERE available < 0) AS oversold
       FROM reservations`,
    [scarceSku]
  )
  const found = rows[0] ?? {}
  const { rows: drifted } = await admin.query<{ sku: string }>(
    `SELECT sku FROM initial JOIN stock USING (sku)
       LEFT JOIN (SELECT sku, sum(quantity) AS reserved FROM reservations GROUP BY sku) sold USING (sku)
      WHERE initial.available::bigint - stock.available <> coalesce(sold.reserved, 0) LIMIT 3`
  )
  return [
    ...differs("orders", Number(found["orders"]), acknowledged.orders),
    ...differs("units reserved", Number(found["units"]), acknowledged.units),
    ...differs("units taken from stock", Number(found["taken"]), acknowledged.units),
    ...differs("units of the scarce SKU", Number(found["scarce"]), acknowledged.scarceUnits),
    ...differs("oversold SKUs", Number(found["oversold"]), 0),
    ...drifted.map(({ sku }) => `${sku}: stock and reservations disagree`)
  ]
}
