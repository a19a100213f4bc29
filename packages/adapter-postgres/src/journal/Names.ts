/** How tables and rows of the domain are called in SQL. */
import { StorageUnavailable } from "@holdfast/core/ports"
import type { Column, Row, Table } from "@holdfast/core/domain"

/** `claimedWithin` → `claimed_within`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const sqlTypes: Readonly<Record<Column, string>> = {
  text: "text",
  optionalText: "text",
  integer: "bigint",
  optionalInteger: "bigint",
  boolean: "boolean",
  json: "json"
}

/** One column of a table, on both sides. */
export interface SqlColumn {
  /** The field of the row. */
  readonly field: string
  /** Quoted. */
  readonly name: string
  readonly type: string
}

const columnsOfTables = new Map<Table<Row>, ReadonlyArray<SqlColumn>>()

/** The columns of a table, in the order of its declaration. */
export const columnsOf = (table: Table<Row>): ReadonlyArray<SqlColumn> => {
  let columns = columnsOfTables.get(table)
  if (columns === undefined) {
    columns = Object.entries(table.columns).map(([field, column]) => ({
      field,
      name: `"${snake(field)}"`,
      type: sqlTypes[column]
    }))
    columnsOfTables.set(table, columns)
  }
  return columns
}

/** Rows that travel as one text array per column, in the parameters from `$first` on, under the fields' own names. */
export const unnested = (first: number, alias: string, columns: ReadonlyArray<SqlColumn>): string =>
  `unnest(${columns.map((_, index) => `$${first + index}::text[]`).join(", ")}) AS ${alias}(${columns.map(({ field }) => `"${field}"`).join(", ")})`

/** A column of {@link unnested}, in its own type. */
export const unnestedColumn = (alias: string, { field, type }: SqlColumn): string =>
  type === "text" ? `${alias}."${field}"` : `${alias}."${field}"::${type}`

/** The parameters of {@link unnested}. The driver cannot tell the type of an array of nulls, so such a one is spelled out. */
export const columnArrays = (
  columns: ReadonlyArray<SqlColumn>,
  rows: ReadonlyArray<{ readonly [field: string]: unknown }>
): ReadonlyArray<ReadonlyArray<string | null> | string> =>
  columns.map(({ field, type }) => {
    let allNull = true
    const values = rows.map((row) => {
      const value = row[field]
      if (value === null || value === undefined) return null
      allNull = false
      return type === "json" ? JSON.stringify(value) : String(value)
    })
    return allNull ? `{${values.map(() => "NULL").join(",")}}` : values
  })

/** A row of the table, as one JSON text with the domain's field names: safe integers stay numbers. */
export const rowAsJson = (alias: string, columns: ReadonlyArray<SqlColumn>): string =>
  `json_build_array(${columns.map(({ name }) => `${alias}.${name}`).join(", ")})::text`

/** Reads what {@link rowAsJson} wrote. */
export const rowFromJson = (columns: ReadonlyArray<SqlColumn>, text: string): Row => {
  const values = JSON.parse(text) as ReadonlyArray<unknown>
  const row: Record<string, unknown> = {}
  columns.forEach(({ field }, index) => {
    row[field] = values[index]
  })
  return row
}

/** A schema name that needs no escaping. */
export const checkSchemaName = (schema: string): string => {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new StorageUnavailable({
    outcome: "not-applied",
    retryable: false,
    reason: `"${schema.slice(0, 80)}" is no usable schema name: lower-case letters, digits and underscores, 63 at most`
  })
}
