/**
 * Orders from a CSV file, plain or gzip.
 *
 * The file is read twice. Its SKUs have to be known, and their stock received, before the first buyer may ask; reading
 * first for the names alone costs a second or two and memory for one text per SKU. Registering at first sight would save
 * that, but every order would then wait for receipts, and what is measured would be receiving, not selling. It also tells
 * beforehand how much there is, for the progress bar, and what is wrong with the file.
 */
import { linesMax } from "@holdfast/core/domain"
import { basename } from "node:path"
import { BadRows, type BadRow } from "./BadRows.ts"
import { readBytes } from "./bytes.ts"
import { type Line, readLines } from "./lines.ts"
import type { Order, OrderLine, OrderSource, Survey } from "./Order.ts"
import { type Columns, columnsByPosition, columnsOf, fieldsOf, isBad, type Row, rowOf } from "./rows.ts"

/** Notes to keep; a file can hold any number of orders that have to be split. */
const notesMax = 5

/** Good rows of a chunk, in order. Bad ones go to `report`. */
async function* readRows(file: string, report: (row: BadRow) => void): AsyncGenerator<Array<Row>, void, undefined> {
  const reader = new RowReader(report)
  for await (const lines of readLines(readBytes(file))) yield lines.flatMap((line) => reader.read(line) ?? [])
  reader.end()
}

/** Turns lines into rows; knows the header. */
class RowReader {
  readonly #report: (row: BadRow) => void
  #columns: Columns | "unusable" | undefined
  #reported = false
  /** Blank lines since the last line with something on it. Those at the very end of a file are nobody's mistake. */
  #blank = 0

  constructor(report: (row: BadRow) => void) {
    this.#report = (row) => {
      this.#reported = true
      report(row)
    }
  }

  read(line: Line): Row | undefined {
    if ("text" in line && line.text.trim() === "") {
      this.#blank++
      return undefined
    }
    for (; this.#blank > 0; this.#blank--)
      this.#report({ line: line.number - this.#blank, reason: "the line is blank" })
    if ("problem" in line) {
      const { number, problem: reason, detail } = line
      this.#report({ line: number, reason, ...(detail === undefined ? {} : { detail }) })
      return undefined
    }
    const fields = fieldsOf(line.number, line.text)
    const row = isBad(fields)
      ? fields
      : this.#columns === undefined
        ? this.#header(line.number, fields)
        : this.#row(line.number, fields, this.#columns)
    if (row === undefined || !isBad(row)) return row
    this.#report(row)
    return undefined
  }

  end(): void {
    if (this.#columns === undefined && !this.#reported) this.#report({ line: 1, reason: "the file has no rows" })
  }

  #row(line: number, fields: ReadonlyArray<string>, columns: Columns | "unusable"): Row | BadRow {
    return columns === "unusable"
      ? { line, reason: "the header does not say what the columns are" }
      : rowOf(line, fields, columns)
  }

  /** The first line with something on it. One that reads as a row stands for a file without a header. */
  #header(line: number, fields: ReadonlyArray<string>): Row | BadRow | undefined {
    this.#columns = columnsOf(fields)
    if (this.#columns !== undefined) return undefined
    const guess = columnsByPosition(fields.length)
    const row = fields.length === 3 || fields.length === 4 ? rowOf(line, fields, guess) : undefined
    if (row !== undefined && !isBad(row)) {
      this.#columns = guess
      this.#report({ line, reason: "the header is missing", detail: "read as order_id,sku,quantity" })
      return row
    }
    this.#columns = "unusable"
    return {
      line,
      reason: "the header has other columns",
      detail: "order_id,sku,quantity and optionally at are needed"
    }
  }
}

/** Consecutive rows of one order id, as orders of at most {@link linesMax} lines. */
async function* readOrders(
  file: string,
  report: (row: BadRow) => void,
  note: (text: string) => void
): AsyncGenerator<Order, void, undefined> {
  let id: string | undefined
  let part = 1
  let first: Row | undefined
  let lines: Array<OrderLine> = []
  const order = (): Order | undefined => {
    if (first === undefined || id === undefined) return undefined
    const { line: number, effectiveAt } = first
    return {
      id: part === 1 ? id : `${id}#${part}`,
      number,
      lines,
      ...(effectiveAt === undefined ? {} : { effectiveAt })
    }
  }
  for await (const rows of readRows(file, report)) {
    for (const row of rows) {
      const full = row.order === id && lines.length === linesMax
      if (row.order !== id || full) {
        const done = order()
        if (done !== undefined) yield done
        if (full)
          note(`order ${id} has more than ${linesMax} lines: it continues as a further order, ${id}#${part + 1}`)
        part = full ? part + 1 : 1
        id = row.order
        first = row
        lines = []
      }
      lines.push({ sku: row.sku, quantity: row.quantity })
    }
  }
  const last = order()
  if (last !== undefined) yield last
}

/** The orders of a CSV file with the columns `order_id,sku,quantity` and, if it has it, `at`. */
export const csvOrders = (file: string): OrderSource => ({
  name: basename(file),
  survey: async (stop): Promise<Survey> => {
    const badRows = new BadRows()
    const notes: Array<string> = []
    const skus = new Set<string>()
    let orders = 0
    let lines = 0
    let units = 0
    const note = (text: string) => {
      if (notes.length < notesMax) notes.push(text)
    }
    for await (const order of readOrders(file, (row) => badRows.add(row), note)) {
      if (stop.aborted) break
      orders++
      for (const { sku, quantity } of order.lines) {
        skus.add(sku)
        lines++
        units += quantity
      }
    }
    return { orders, lines, units, skus, badRows, notes }
  },
  orders: () =>
    readOrders(
      file,
      () => {},
      () => {}
    )
})
