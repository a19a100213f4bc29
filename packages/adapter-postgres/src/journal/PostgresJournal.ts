/** The journal on PostgreSQL, on a server or in this process. */
import type { PgClient } from "@effect/sql-pg"
import { type Event, type Row, type Table, tables } from "@holdfast/core/domain"
import {
  type Append,
  CommandRecorded,
  type Head,
  HeadMoved,
  type Journal,
  type JournalManifest,
  type Outcome,
  RowExists,
  type StorageUnavailable,
  type StoredEvent
} from "@holdfast/core/ports"
import { Context, Effect, Stream } from "effect"
import { type DriverFailure, guard, UniqueViolation } from "../driver/errors.ts"
import { asUnavailable } from "../migrations/migrate.ts"
import { appendStatement, rowsStatement } from "./append.ts"
import { eventFromJson, eventsAtStatement, historyStatement, outcomesStatement, readStatement } from "./events.ts"
import { type LoadedPart, loadedFrom, loadStatement } from "./load.ts"
import { snapshot } from "./snapshot.ts"

/** Rows per statement when rows are written anew. */
const rebuildPage = 2_000

const commandIndex = "events_command_id"

/** Constraints that a row which was to be added may violate. An event twice is no such thing: it is a defect. */
const addedKeys: ReadonlySet<string> = new Set(tables.map((table) => `${table.name}_pkey`))

/** How long a session may hold the lock of a head without a word from its client, in milliseconds. */
const lockIdleMsMax = 10_000

/** The head that the running effect has locked: nobody else can move it, so nobody has to ask again. */
const LockedHead = Context.Reference<{ readonly log: string; readonly head: Head } | undefined>(
  "holdfast/postgres/LockedHead",
  { defaultValue: () => undefined }
)

/** Makes the journal overan open client whose schema is migrated. */
export const makePostgresJournal = (sql: PgClient.PgClient, schema: string, manifest: JournalManifest): Journal => {
  const run = <R extends object>(
    text: string,
    parameters: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<R>, DriverFailure> => guard(sql.unsafe<R>(text, parameters))
  const query = <R extends object>(
    text: string,
    parameters: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<R>, StorageUnavailable> => Effect.catch(run<R>(text, parameters), asUnavailable)
  const events = (
    text: string,
    parameters: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<StoredEvent>, StorageUnavailable> =>
    Effect.map(query<{ row: string }>(text, parameters), (rows) => rows.map(({ row }) => eventFromJson(row)))

  const selectHead = (extra: string, suffix: string): string =>
    `SELECT json_build_array(position, recorded_at)::text AS row${extra} FROM ${schema}.logs WHERE log = $1::text${suffix}`
  const plainHead = selectHead("", "")
  // A session whose client was cut off while it held the lock lets go of it by itself.
  const lockedHead = selectHead(
    `, set_config('idle_in_transaction_session_timeout', '${lockIdleMsMax}', true)`,
    " FOR UPDATE"
  )

  const headOf = Effect.fnUntraced(function* (log: string, select: string): Effect.fn.Return<Head, StorageUnavailable> {
    let [found] = yield* query<{ row: string }>(select, [log])
    if (found === undefined) {
      yield* query(
        `INSERT INTO ${schema}.logs (log, position, recorded_at) VALUES ($1::text, 0, 0) ON CONFLICT DO NOTHING`,
        [log]
      )
      ;[found] = yield* query<{ row: string }>(select, [log])
    }
    const [position, recordedAt] = JSON.parse(found?.row ?? "[0,0]") as [number, number]
    return { position, recordedAt }
  })

  const append = Effect.fnUntraced(function* (
    log: string,
    step: Append
  ): Effect.fn.Return<void, HeadMoved | CommandRecorded | RowExists | StorageUnavailable> {
    const { text, parameters } = appendStatement(schema, log, step)
    const rows = yield* run(text, parameters).pipe(Effect.catch(explain))
    if (rows.length === 1) return
    const { position } = yield* headOf(log, plainHead)
    return yield* new HeadMoved({ expected: step.expected, actual: position })
  })

  const exclusively = <A, E, R>(
    log: string,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | StorageUnavailable, R> =>
    guard(
      sql.withTransaction(
        Effect.flatMap(headOf(log, lockedHead), (head) => Effect.provideService(effect, LockedHead, { log, head }))
      )
    ).pipe(
      Effect.catch((failure) => (failure instanceof UniqueViolation ? Effect.die(failure) : Effect.fail(failure)))
    ) as Effect.Effect<A, E | StorageUnavailable, R>

  return {
    manifest,
    head: (log) =>
      Effect.flatMap(LockedHead, (locked) =>
        locked?.log === log ? Effect.succeed(locked.head) : headOf(log, plainHead)
      ),

    load: (log, request) => {
      const { text, parameters } = loadStatement(schema, log, request)
      return Effect.map(query<LoadedPart>(text, parameters), (answer) => loadedFrom(request, answer))
    },

    append,
    exclusively,

    outcomes: (log, commandIds) =>
      Effect.map(query<LoadedPart>(outcomesStatement(schema), [log, JSON.stringify(commandIds)]), (answer) => {
        let head: Head = { position: 0, recordedAt: 0 }
        const outcomes = new Map<string, Outcome & { readonly events: Array<Event> }>()
        for (const { part, row } of answer) {
          if (part === 0) {
            const [position, recordedAt] = JSON.parse(row) as [number, number]
            head = { position, recordedAt }
            continue
          }
          const event = eventFromJson(row)
          const outcome = outcomes.get(event.commandId)
          if (outcome === undefined) outcomes.set(event.commandId, { fingerprint: event.fingerprint, events: [event] })
          else outcome.events.push(event)
        }
        return { head, outcomes }
      }),

    read: (log, after, limit) => events(readStatement(schema), [log, String(after), String(limit)]),
    history: (log, sku, before, limit) => events(historyStatement(schema), [log, sku, String(before), String(limit)]),
    eventsAt: (log, positions) => events(eventsAtStatement(schema), [log, JSON.stringify(positions)]),
    snapshot: (log) => snapshot(sql, schema, log),

    replaceRows: (log, position, replacement) =>
      exclusively(
        log,
        Effect.gen(function* () {
          const head = yield* headOf(log, plainHead)
          if (head.position !== position) return yield* new HeadMoved({ expected: position, actual: head.position })
          for (const table of tables) yield* query(`DELETE FROM ${schema}.${table.name} WHERE log = $1::text`, [log])
          for (const { table, rows } of replacement) yield* writeRows(query, schema, log, table, rows)
        })
      )
  }
}

/** Which duplicate an append met. */
const explain = (failure: DriverFailure): Effect.Effect<never, CommandRecorded | RowExists | StorageUnavailable> => {
  if (!(failure instanceof UniqueViolation)) return Effect.fail(failure)
  if (failure.constraint === commandIndex) return Effect.fail(new CommandRecorded())
  return addedKeys.has(failure.constraint) ? Effect.fail(new RowExists()) : asUnavailable(failure)
}

const writeRows = (
  query: (text: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<unknown, StorageUnavailable>,
  schema: string,
  log: string,
  table: Table<Row>,
  rows: Iterable<Row>
): Effect.Effect<void, StorageUnavailable> =>
  Stream.fromIterable(rows).pipe(
    Stream.grouped(rebuildPage),
    Stream.runForEach((page) => {
      const { text, parameters } = rowsStatement(schema, log, table, page)
      return query(text, parameters)
    })
  )
