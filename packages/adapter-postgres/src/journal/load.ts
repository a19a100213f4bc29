/**
 * Loading rows: one statement for a whole request, so that everything is as of one position. Costs an index probe per
 * key, a range per group, and one round trip.
 */
import { keySeparator, type Row, type Table } from "@holdfast/core/domain"
import type { Loaded, LoadRequest } from "@holdfast/core/ports"
import type { Statement } from "./append.ts"
import { columnArrays, columnsOf, rowAsJson, rowFromJson, type SqlColumn, unnested, unnestedColumn } from "./Names.ts"

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
  first: number,
  where: string
): string =>
  // OFFSET 0 keeps the planner from turning the probes into a join over the whole log, as it does on stale statistics.
  `SELECT ${part} AS part, found.row
     FROM ${unnested(first, "k", by)}
    CROSS JOIN LATERAL (
      SELECT ${rowAsJson("t", columnsOf(table))} AS row FROM ${schema}.${table.name} t
       WHERE t.log = $1::text ${by.map((column) => `AND t.${column.name} = ${unnestedColumn("k", column)}`).join(" ")}${where} OFFSET 0
    ) found`

/** Keys as records of their columns. */
const asRecords = (by: ReadonlyArray<SqlColumn>, keys: ReadonlyArray<string>) =>
  keys.map((key) => {
    const values = key.split(keySeparator)
    return Object.fromEntries(by.map(({ field }, index) => [field, values[index]]))
  })

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
  /** Adds keys to the parameters; says where they begin. */
  const bind = (by: ReadonlyArray<SqlColumn>, keys: ReadonlyArray<string>): number => {
    const first = parameters.length + 1
    parameters.push(...columnArrays(by, asRecords(by, keys)))
    return first
  }
  let part = firstTablePart
  for (const { table, keys } of request.rows) {
    const by = pick(table, table.key)
    parts.push(lookup(schema, table, by, part++, bind(by, keys), ""))
  }
  for (const { table, group: name, values } of request.groups) {
    const group = table.groups[name]
    if (group === undefined) throw new Error(`table ${table.name} has no group ${name}`)
    const by = pick(table, group.columns)
    const [filter] = group.whereNotZero === undefined ? [] : pick(table, [group.whereNotZero])
    parts.push(
      lookup(schema, table, by, part++, bind(by, values), filter === undefined ? "" : ` AND t.${filter.name} <> 0`)
    )
  }
  return { text: parts.join("\nUNION ALL\n"), parameters }
}

/** Sorts the answer by the parts of the request. */
export const loadedFrom = (request: LoadRequest, answer: ReadonlyArray<LoadedPart>): Loaded => {
  const tables = [...request.rows, ...request.groups].map(({ table }) => ({
    columns: columnsOf(table),
    rows: [] as Array<Row>
  }))
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
  expiring.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))
  const rows = tables.map((table) => table.rows)
  return { head, rows: rows.slice(0, request.rows.length), groups: rows.slice(request.rows.length), expiring }
}
