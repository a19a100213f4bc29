/**
 * Loading rows: one statement for a whole request, so that everything is as of one position. Costs an index probe per
 * key, a range per group, and one round trip.
 */
import { keySeparator, type Row, type Table } from "@holdfast/core/domain"
import type { Loaded, LoadRequest } from "@holdfast/core/ports"
import type { Statement } from "./append.ts"
import { columnsOf, recordset, rowAsJson, rowFromJson, type SqlColumn } from "./Names.ts"

/** A row of the answer: which part of the request it belongs to, and the row as JSON. */
export interface LoadedPart {
  readonly part: number
  readonly row: string
}

const headPart = 0
const expiringPart = 1
const firstTablePart = 2

const lookup = (
  schema: string,
  table: Table<Row>,
  by: ReadonlyArray<SqlColumn>,
  part: number,
  parameter: number,
  where: string
): string =>
  `SELECT ${part} AS part, ${rowAsJson("t", columnsOf(table))} AS row
     FROM ${recordset(parameter, "k", by)}
     JOIN ${schema}.${table.name} t ON t.log = $1::text ${by.map(({ field, name }) => `AND t.${name} = k."${field}"`).join(" ")}${where}`

/** Keys as objects, the way `json_to_recordset` wants them. */
const asRecords = (by: ReadonlyArray<SqlColumn>, keys: ReadonlyArray<string>): string =>
  JSON.stringify(
    keys.map((key) => {
      const values = key.split(keySeparator)
      return Object.fromEntries(by.map(({ field }, index) => [field, values[index]]))
    })
  )

const pick = (table: Table<Row>, fields: ReadonlyArray<string>): ReadonlyArray<SqlColumn> => {
  const columns = columnsOf(table)
  return fields.map((field) => columns.find((column) => column.field === field) as SqlColumn)
}

/** The statement for a request. */
export const loadStatement = (schema: string, log: string, request: LoadRequest): Statement => {
  const parameters: Array<unknown> = [log]
  const parts = [
    `SELECT ${headPart} AS part, json_build_array(position, recorded_at)::text AS row FROM ${schema}.logs WHERE log = $1::text`
  ]
  if (request.expiring > 0) {
    parameters.push(String(request.expiring))
    parts.push(
      `(SELECT ${expiringPart} AS part, json_build_array(id, expires_at)::text AS row FROM ${schema}.reservations
         WHERE log = $1::text AND status = 'active' ORDER BY expires_at, id LIMIT $${parameters.length}::text::bigint)`
    )
  }
  let part = firstTablePart
  for (const { table, keys } of request.rows) {
    const by = pick(table, table.key)
    parameters.push(asRecords(by, keys))
    parts.push(lookup(schema, table, by, part++, parameters.length, ""))
  }
  for (const { table, group: name, values } of request.groups) {
    const group = table.groups[name]
    if (group === undefined) throw new Error(`table ${table.name} has no group ${name}`)
    const by = pick(table, group.columns)
    const [filter] = group.whereNotZero === undefined ? [] : pick(table, [group.whereNotZero])
    parameters.push(asRecords(by, values))
    parts.push(lookup(schema, table, by, part++, parameters.length, filter === undefined ? "" : ` AND t.${filter.name} <> 0`))
  }
  return { text: parts.join("\nUNION ALL\n"), parameters }
}

/** Sorts the answer by the parts of the request. */
export const loadedFrom = (request: LoadRequest, answer: ReadonlyArray<LoadedPart>): Loaded => {
  const tables = [...request.rows, ...request.groups].map(({ table }) => ({ columns: columnsOf(table), rows: [] as Array<Row> }))
  const expiring: Array<{ readonly id: string; readonly expiresAt: number }> = []
  let head = { position: 0, recordedAt: 0 }
  for (const { part, row } of answer) {
    if (part === headPart) {
      const [position, recordedAt] = JSON.parse(row) as [number, number]
      head = { position, recordedAt }
    } else if (part === expiringPart) {
      const [id, expiresAt] = JSON.parse(row) as [string, number]
      expiring.push({ id, expiresAt })
    } else {
      const target = tables[part - firstTablePart]
      target?.rows.push(rowFromJson(target.columns, row))
    }
  }
  expiring.sort((a, b) => a.expiresAt - b.expiresAt)
  const rows = tables.map((table) => table.rows)
  return { head, rows: rows.slice(0, request.rows.length), groups: rows.slice(request.rows.length), expiring }
}
