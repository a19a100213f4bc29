/** A consistent look at a log: one read-only transaction at REPEATABLE READ, on a connection of its own. */
import type { PgClient } from "@effect/sql-pg"
import type { Row, Table } from "@holdfast/core/domain"
import type { Snapshot, StorageUnavailable } from "@holdfast/core/ports"
import { Effect, type Scope, Stream } from "effect"
import { guard } from "../driver/errors.ts"
import { asUnavailable } from "../migrations/migrate.ts"
import { eventFromJson, readStatement } from "./events.ts"
import { columnsOf, rowAsJson, rowFromJson } from "./Names.ts"

/** Rows per fetch. */
const pageSize = 5_000

export const snapshot = Effect.fnUntraced(function* (
  sql: PgClient.PgClient,
  schema: string,
  log: string
): Effect.fn.Return<Snapshot, StorageUnavailable, Scope.Scope> {
  const connection = yield* sql.reserve.pipe(guard, Effect.catch(asUnavailable))
  const query = <R>(
    text: string,
    parameters: ReadonlyArray<unknown> = []
  ): Effect.Effect<ReadonlyArray<R>, StorageUnavailable> =>
    connection.executeUnprepared(text, parameters, undefined).pipe(guard, Effect.catch(asUnavailable)) as Effect.Effect<
      ReadonlyArray<R>,
      StorageUnavailable
    >
  yield* Effect.acquireRelease(query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), () =>
    Effect.ignore(query("ROLLBACK"))
  )
  const [head] = yield* query<{ row: string }>(
    `SELECT json_build_array(position, recorded_at)::text AS row FROM ${schema}.logs WHERE log = $1::text`,
    [log]
  )
  const [position, recordedAt] = JSON.parse(head?.row ?? "[0,0]") as [number, number]

  const rows = (table: Table<Row>): Stream.Stream<Row, StorageUnavailable> => {
    const columns = columnsOf(table)
    const cursor = `holdfast_${table.name}`
    const page = Effect.map(query<{ row: string }>(`FETCH ${pageSize} FROM ${cursor}`), (found) =>
      found.map(({ row }) => rowFromJson(columns, row))
    )
    return Stream.unwrap(
      Effect.map(
        query(
          `DECLARE ${cursor} NO SCROLL CURSOR FOR SELECT ${rowAsJson("t", columns)} AS row FROM ${schema}.${table.name} t WHERE t.log = $1::text`,
          [log]
        ),
        () =>
          Stream.unfold(false, () =>
            Effect.map(page, (found) => (found.length === 0 ? undefined : ([found, false] as const)))
          ).pipe(Stream.flatMap(Stream.fromIterable))
      )
    )
  }

  return {
    head: { position, recordedAt },
    events: (after, limit) =>
      Effect.map(query<{ row: string }>(readStatement(schema), [log, String(after), String(limit)]), (found) =>
        found.map(({ row }) => eventFromJson(row))
      ),
    rows
  }
})
