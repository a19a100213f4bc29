/** The statements of the hand-written contenders, prepared once per connection by their names. */
import type { QueryConfig } from "pg"
import type { Order } from "../model/Scenario.ts"
import { lifetimeMs } from "./tables.ts"

const expiry = `now() + interval '${lifetimeMs} milliseconds'`

/** SKUs in the order in which everybody locks them, so that no two transactions wait for each other. */
const sortedLines = (order: Order) => [...order.lines].sort((a, b) => (a.sku < b.sku ? -1 : 1))

const parametersOf = (order: Order): ReadonlyArray<unknown> => {
  const [line, ...more] = order.lines
  if (line !== undefined && more.length === 0) return [line.sku, line.quantity]
  const lines = sortedLines(order)
  return [lines.map(({ sku }) => sku), lines.map(({ quantity }) => quantity)]
}

const statement = (name: string, text: string, values: ReadonlyArray<unknown>): QueryConfig => ({
  name,
  text,
  values: [...values]
})

const single = (order: Order): boolean => order.lines.length === 1

/** Takes the units of every line that has enough; as many rows as lines if all have. Locks in order of SKU. */
export const takeUnits = (order: Order): QueryConfig =>
  single(order)
    ? statement(
        "take-1",
        "UPDATE stock SET available = available - $2::integer WHERE sku = $1::text AND available >= $2::integer",
        parametersOf(order)
      )
    : statement(
        "take-n",
        `WITH wanted AS MATERIALIZED (
           SELECT stock.sku, line.quantity
             FROM unnest($1::text[], $2::integer[]) AS line(sku, quantity) JOIN stock ON stock.sku = line.sku
            ORDER BY stock.sku FOR NO KEY UPDATE OF stock
         )
         UPDATE stock SET available = available - wanted.quantity FROM wanted
          WHERE stock.sku = wanted.sku AND available >= wanted.quantity`,
        parametersOf(order)
      )

/** Writes the reservation. */
export const insertReservation = (order: Order): QueryConfig =>
  single(order)
    ? statement("insert-1", `INSERT INTO reservations VALUES ($1::text, $2::text, $3::integer, ${expiry})`, [
        order.id,
        ...parametersOf(order)
      ])
    : statement(
        "insert-n",
        `INSERT INTO reservations SELECT $1::text, sku, quantity, ${expiry} FROM unnest($2::text[], $3::integer[]) AS line(sku, quantity)`,
        [order.id, ...parametersOf(order)]
      )

/** Both in one. As many rows as lines, or none and nothing changed. */
export const takeAndInsert = (order: Order): QueryConfig =>
  single(order)
    ? statement(
        "whole-1",
        `WITH taken AS (
           UPDATE stock SET available = available - $3::integer WHERE sku = $2::text AND available >= $3::integer RETURNING sku
         )
         INSERT INTO reservations SELECT $1::text, sku, $3::integer, ${expiry} FROM taken`,
        [order.id, ...parametersOf(order)]
      )
    : statement(
        "whole-n",
        `WITH wanted AS MATERIALIZED (
           SELECT stock.sku, line.quantity, stock.available >= line.quantity AS enough
             FROM unnest($2::text[], $3::integer[]) AS line(sku, quantity) JOIN stock ON stock.sku = line.sku
            ORDER BY stock.sku FOR NO KEY UPDATE OF stock
         ), taken AS (
           UPDATE stock SET available = available - wanted.quantity FROM wanted
            WHERE stock.sku = wanted.sku
              AND (SELECT count(*) FILTER (WHERE enough) FROM wanted) = cardinality($2::text[])
           RETURNING stock.sku, wanted.quantity
         )
         INSERT INTO reservations SELECT $1::text, sku, quantity, ${expiry} FROM taken`,
        [order.id, ...parametersOf(order)]
      )

/** Reads what is there, and locks it in order of SKU if asked to. */
export const readStock = (order: Order, lock: boolean): QueryConfig =>
  statement(
    lock ? "read-lock" : "read",
    `SELECT sku, available FROM stock WHERE sku = ANY($1::text[]) ORDER BY sku ${lock ? "FOR NO KEY UPDATE" : ""}`,
    [sortedLines(order).map(({ sku }) => sku)]
  )

/** Writes what was decided to be left. */
export const writeStock = (left: ReadonlyMap<string, number>): QueryConfig =>
  left.size === 1
    ? statement("write-1", "UPDATE stock SET available = $2::integer WHERE sku = $1::text", [...left].flat())
    : statement(
        "write-n",
        `UPDATE stock SET available = line.available FROM unnest($1::text[], $2::integer[]) AS line(sku, available)
          WHERE stock.sku = line.sku`,
        [[...left.keys()], [...left.values()]]
      )

/** The decision in TypeScript: what would be left, or nothing if a line lacks stock. */
export const decide = (
  order: Order,
  rows: ReadonlyArray<{ readonly sku: string; readonly available: number }>
): ReadonlyMap<string, number> | undefined => {
  const available = new Map(rows.map((row) => [row.sku, row.available]))
  const left = new Map<string, number>()
  for (const { sku, quantity } of sortedLines(order)) {
    const rest = (available.get(sku) ?? 0) - quantity
    if (rest < 0) return undefined
    left.set(sku, rest)
  }
  return left
}
