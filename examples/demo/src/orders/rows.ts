/** One line of a CSV file as a row of an order, or what is wrong with it. */
import { idProblem, quantityMax } from "@holdfast/core/domain"
import { CsvError } from "csv-parse"
import { parse } from "csv-parse/sync"
import { type BadRow, excerpt } from "./BadRows.ts"

/** A good row. */
export interface Row {
  readonly line: number
  readonly order: string
  readonly sku: string
  readonly quantity: number
  readonly effectiveAt?: number
}

/** Where the columns stand. */
export interface Columns {
  readonly count: number
  readonly order_id: number
  readonly sku: number
  readonly quantity: number
  /** -1 without that column. */
  readonly at: number
}

/** The columns of a file that has no header line. */
export const columnsByPosition = (count: number): Columns => ({
  count,
  order_id: 0,
  sku: 1,
  quantity: 2,
  at: count > 3 ? 3 : -1
})

/** Longest order id, in characters. It leaves room to tell further orders of the same id apart. */
export const orderIdLengthMax = 160

/** Whether something is a bad row. */
export const isBad = (value: object): value is BadRow => "reason" in value

const bad = (line: number, reason: string, field?: string): BadRow =>
  field === undefined ? { line, reason } : { line, reason, detail: excerpt(field) }

/**
 * The fields of a line. Every line is a record of its own: no id or number can hold a line break, and a quote that is
 * never closed must not swallow the rows after it. Lines without quotes, nearly all, are simply cut at the commas.
 */
export const fieldsOf = (line: number, text: string): ReadonlyArray<string> | BadRow => {
  if (!text.includes('"')) return text.split(",").map((field) => field.trim())
  try {
    return (parse(text, { trim: true, relax_column_count: true })[0] ?? []).map((field) => field.trim())
  } catch (error) {
    const open = error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED"
    return bad(line, open ? "a quote is not closed" : "a quote stands in the wrong place", text)
  }
}

/** The columns that a header names, in any order; nothing when it is no header of ours. */
export const columnsOf = (fields: ReadonlyArray<string>): Columns | undefined => {
  const names = fields.map((field) => field.toLowerCase())
  const known = new Set(["order_id", "sku", "quantity", "at"])
  const columns = {
    count: names.length,
    order_id: names.indexOf("order_id"),
    sku: names.indexOf("sku"),
    quantity: names.indexOf("quantity"),
    at: names.indexOf("at")
  }
  const complete = columns.order_id >= 0 && columns.sku >= 0 && columns.quantity >= 0
  return complete && new Set(names).size === names.length && names.every((name) => known.has(name))
    ? columns
    : undefined
}

/** Reads the fields of a line as a row. */
export const rowOf = (line: number, fields: ReadonlyArray<string>, columns: Columns): Row | BadRow => {
  if (fields.length !== columns.count) {
    return { line, reason: "wrong number of columns", detail: `${fields.length} instead of ${columns.count}` }
  }
  const order = fields[columns.order_id] ?? ""
  const sku = fields[columns.sku] ?? ""
  const quantityText = fields[columns.quantity] ?? ""
  const problem = textProblem("order_id", order, orderIdLengthMax) ?? textProblem("sku", sku)
  if (problem !== undefined)
    return bad(line, problem, problem.endsWith("is missing") ? undefined : problem.startsWith("sku") ? sku : order)
  const wrongQuantity = quantityProblem(quantityText)
  if (wrongQuantity !== undefined) return bad(line, wrongQuantity, quantityText)
  const row = { line, order, sku, quantity: Number(quantityText) }
  const at = columns.at < 0 ? "" : (fields[columns.at] ?? "")
  if (at === "") return row
  const effectiveAt = instantOf(at)
  return effectiveAt === undefined ? bad(line, "at is not an ISO 8601 instant", at) : { ...row, effectiveAt }
}

/** The engine's own rule for ids, in the few texts that can be counted by; and nothing that could steer a terminal. */
const textProblem = (column: string, text: string, lengthMax = Number.POSITIVE_INFINITY): string | undefined => {
  if (text === "") return `${column} is missing`
  const problem = idProblem(text)
  if (text.length > lengthMax || problem?.startsWith("must be at most")) return `${column} is too long`
  return problem !== undefined || /[\u0080-\u009f\u2028\u2029]/.test(text)
    ? `${column} has control characters`
    : undefined
}

const quantityProblem = (text: string): string | undefined => {
  if (text === "") return "quantity is missing"
  if (/^\+?\d+$/.test(text)) {
    const quantity = Number(text)
    return quantity === 0 ? "quantity is zero" : quantity > quantityMax ? "quantity is too large" : undefined
  }
  const number = Number(text)
  if (Number.isNaN(number)) return "quantity is not a number"
  if (number < 0) return "quantity is negative"
  return number > quantityMax
    ? "quantity is too large"
    : Number.isInteger(number)
      ? "quantity is not written as a whole number"
      : "quantity is fractional"
}

const isoInstant = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/

/** Epoch milliseconds of an ISO 8601 instant; without a zone it is UTC, so that a file means the same everywhere. */
const instantOf = (text: string): number | undefined => {
  const match = isoInstant.exec(text)
  if (match === null) return undefined
  const [, year, month, day, time = "00:00", zone = "Z"] = match
  const date = `${year}-${month}-${day}`
  // `Date` takes the 30th of February for the 2nd of March.
  const midnight = new Date(`${date}T00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return undefined
  const instant = Date.parse(`${date}T${time}${zone}`)
  return Number.isNaN(instant) ? undefined : instant
}
