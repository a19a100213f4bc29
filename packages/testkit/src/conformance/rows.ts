/** Rows to test with: valid rows of every table there is, with the values that are hard to keep. */
import { type Column, keyOf, type Row, reservations, skus, type Table } from "@holdfast/core/domain"
import { awkwardTexts } from "./texts.ts"

const largest = Number.MAX_SAFE_INTEGER

const nested = {
  empty: {},
  list: [1, [2, [3, [], [null]]], "four"],
  numbers: [0, -1, largest, -largest, 0.1, 1e-7],
  flags: [true, false, null],
  'keys "quoted"': { "": 1, "with space": 2, "\u00fcn\u00ef": "\ud83d\udce6", __proto: "x" },
  text: awkwardTexts.join("|"),
  lines: "first\nsecond\ttabbed"
}

/** Values by kind of column. Quantities are not negative where {@link signed} does not say so. */
const values: Readonly<Record<Column, ReadonlyArray<unknown>>> = {
  text: awkwardTexts,
  optionalText: [null, ...awkwardTexts],
  integer: [0, 1, 2 ** 31, 2 ** 53 - 2, largest],
  optionalInteger: [null, 0, 1, 2 ** 31, largest, -largest],
  boolean: [true, false],
  json: [nested, [], {}, [nested, nested], ["world"]]
}

const signedIntegers = [0, -1, 1, -(2 ** 31) - 1, 2 ** 32, -largest, largest]

/** Balances that the domain lets go below zero. */
const signed = new Set(["positions.onHand", "levels.ownOnHand", "levels.onHand", "levels.unsellable"])

/** Columns with few values: a storage may enforce them, as a second line of defence. */
const constrained: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "skus.status": ["active", "retired"],
  "skus.tracking": ["none"],
  "skus.scale": [0, 3, 9],
  "skus.shortage": ["refuse", "backorder"],
  "locations.kind": ["site", "zone", "bin", "transit", "virtual"],
  "locations.status": ["open", "closed"],
  "movements.position": [1, 2, 3, largest],
  "movements.quantity": [1, 7, largest],
  "holds.quantity": [largest],
  "reservations.status": ["active", "confirmed", "shipped", "released", "expired"]
}

const valuesOf = (table: Table<Row>, column: string): ReadonlyArray<unknown> => {
  const name = `${table.name}.${column}`
  return constrained[name] ?? (signed.has(name) ? signedIntegers : values[table.columns[column] as Column])
}

/** How far each column is ahead of the one before it, so that values meet in many combinations. */
const stride = 3

/**
 * A valid row. Equal seeds give equal rows; different seeds give different keys, because the column `unique` (default:
 * the last of the key) carries the seed.
 */
export const rowOf = (
  table: Table<Row>,
  seed: number,
  fixed: Row = {},
  unique: string = table.key.at(-1) ?? ""
): Row => {
  const row: Record<string, unknown> = {}
  Object.entries(table.columns).forEach(([column, kind], index) => {
    const all = valuesOf(table, column)
    const value = all[(seed + index * stride) % all.length]
    row[column] = column !== unique ? value : kind === "integer" ? seed : withSeed(String(value), seed)
  })
  return { ...row, ...fixed }
}

const lengthMax = 200

const withSeed = (text: string, seed: number): string => {
  const suffix = ` #${seed}`
  const kept = [...text]
  while (kept.join("").length + suffix.length > lengthMax) kept.pop()
  return kept.join("") + suffix
}

/** Enough rows of a table that every value of every column is in one of them. */
export const sampleRows = (table: Table<Row>): ReadonlyArray<Row> =>
  Array.from({ length: awkwardTexts.length + 1 }, (_, seed) => rowOf(table, seed))

/** A row of the table of SKUs, the plainest one there is. */
export const skuRow = (id: string, position = 0, code = id): Row => ({
  id,
  code,
  status: "active",
  tracking: "none",
  baseUnit: "each",
  scale: 0,
  shortage: "refuse",
  position
})

/** A row of the table of reservations. */
export const reservationRow = (id: string, expiresAt: number, status = "active"): Row => ({
  id,
  owner: "owner",
  status,
  priority: 0,
  createdAt: 0,
  expiresAt,
  extendableUntil: expiresAt,
  lines: [],
  history: [],
  position: 0
})

export const skusTable = skus as unknown as Table<Row>
export const reservationsTable = reservations as unknown as Table<Row>

/** Rows in an order of their own, to compare what comes in no particular order. */
export const byKeyOf = (table: Table<Row>, rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  [...rows].sort((a, b) => {
    const [left, right] = [keyOf(table, a), keyOf(table, b)]
    return left < right ? -1 : left > right ? 1 : 0
  })
