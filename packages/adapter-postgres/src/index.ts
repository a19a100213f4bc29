/** `@holdfast/adapter-postgres`: the journal on PostgreSQL, and with the same SQL on PGlite inside this process. */
import { type JournalProvider, StorageUnavailable } from "@holdfast/core/ports"
import { Effect } from "effect"
import { acquirePglite } from "./driver/pglite.ts"
import { acquirePostgres, type PostgresConnection } from "./driver/postgres.ts"
import { checkSchemaName } from "./journal/Names.ts"
import { makePostgresJournal } from "./journal/PostgresJournal.ts"
import { checkMigrated, migrate as runMigrations } from "./migrations/migrate.ts"

/** How to keep the schema. */
export interface SchemaOptions {
  /** The schema all tables and views are in. Default: `holdfast`. */
  readonly schema?: string
  /** Whether opening brings the schema up to date. Turn it off where only a deployment job may change it. Default: true. */
  readonly migrate?: boolean
}

/** The embedded journal. */
export interface PgliteOptions extends SchemaOptions {
  /** The folder of the data, made if need be; one process at a time. Default: in memory, gone at the end. */
  readonly dataDir?: string
}

/** The journal on a server. */
export interface PostgresOptions extends SchemaOptions, PostgresConnection {}

const wrongInput = (reason: string) => new StorageUnavailable({ outcome: "not-applied", retryable: false, reason })

const schemaOf = (options: SchemaOptions): Effect.Effect<string, StorageUnavailable> =>
  Effect.try({
    try: () => checkSchemaName(options.schema ?? "holdfast"),
    catch: (error) => error as StorageUnavailable
  })

/** PostgreSQL in this process, on a folder or in memory. The embedded default: nothing to install. */
export const pglite = (options: PgliteOptions = {}): JournalProvider => ({
  _tag: "HoldfastJournal",
  open: Effect.gen(function* () {
    const schema = yield* schemaOf(options)
    const sql = yield* acquirePglite(options.dataDir)
    yield* options.migrate === false ? checkMigrated(sql, schema) : runMigrations(sql, schema)
    return makePostgresJournal(sql, schema, {
      adapter: "pglite",
      linearizable: true,
      atomicAppend: true,
      durable: options.dataDir !== undefined,
      shared: false
    })
  })
})

/** A PostgreSQL server, version 15 or newer. Any number of processes may share it. */
export const postgres = (options: PostgresOptions): JournalProvider => ({
  _tag: "HoldfastJournal",
  open: Effect.gen(function* () {
    if (typeof options?.url !== "string" || !/^postgres(ql)?:\/\//.test(options.url)) {
      return yield* wrongInput("postgres() needs a url such as postgres://user:password@host:5432/database")
    }
    const schema = yield* schemaOf(options)
    const sql = yield* acquirePostgres(options)
    yield* options.migrate === false ? checkMigrated(sql, schema) : runMigrations(sql, schema)
    return makePostgresJournal(sql, schema, {
      adapter: "postgres",
      linearizable: true,
      atomicAppend: true,
      durable: true,
      shared: true
    })
  })
})

/** Brings a server's schema up to date, for deployments that do so in a job of their own. */
export const migrate = (options: PostgresOptions): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const schema = yield* schemaOf(options)
        yield* runMigrations(yield* acquirePostgres(options), schema)
      })
    )
  )
