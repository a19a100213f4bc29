/** Brings a database's schema up to date. Safe when several processes start at once: one does it, the others wait. */
import type { PgClient } from "@effect/sql-pg"
import { StorageUnavailable } from "@holdfast/core/ports"
import { Effect } from "effect"
import { type DriverFailure, guard } from "../driver/errors.ts"
import { foundation } from "./0001_foundation.ts"

/** Every migration ever released, in order. A released one never changes. */
const migrations: ReadonlyArray<{
  readonly name: string
  readonly statements: (schema: string) => ReadonlyArray<string>
}> = [{ name: "0001_foundation", statements: foundation }]

/** Any constant does, as long as all processes use it: only this file takes it. */
const lockKey = 7_365_104_201

/** The storage failure behind a driver failure; a violated constraint is none that a caller could cause here. */
export const asUnavailable = (failure: DriverFailure): Effect.Effect<never, StorageUnavailable> =>
  failure._tag === "StorageUnavailable" ? Effect.fail(failure) : Effect.die(failure)

/** Runs what is missing, in one transaction. */
export const migrate = (sql: PgClient.PgClient, schema: string): Effect.Effect<void, StorageUnavailable> =>
  sql
    .withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe("SELECT pg_advisory_xact_lock($1::text::bigint)::text", [String(lockKey)])
        yield* sql.unsafe(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
        yield* sql.unsafe(
          `CREATE TABLE IF NOT EXISTS ${schema}.migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
        )
        const done = yield* sql.unsafe<{ name: string }>(`SELECT name FROM ${schema}.migrations`)
        const names = new Set(done.map(({ name }) => name))
        for (const { name, statements } of migrations) {
          if (names.has(name)) continue
          for (const statement of statements(schema)) yield* sql.unsafe(statement)
          yield* sql.unsafe(`INSERT INTO ${schema}.migrations (name) VALUES ($1::text)`, [name])
        }
      })
    )
    .pipe(guard, Effect.catch(asUnavailable))

/** Fails when the schema is not the one this version works with. */
export const checkMigrated = (sql: PgClient.PgClient, schema: string): Effect.Effect<void, StorageUnavailable> =>
  Effect.gen(function* () {
    const [found] = yield* sql.unsafe<{ name: string | null }>("SELECT to_regclass($1::text)::text AS name", [
      `${schema}.migrations`
    ])
    const done = found?.name == null ? [] : yield* sql.unsafe<{ name: string }>(`SELECT name FROM ${schema}.migrations`)
    const names = new Set(done.map(({ name }) => name))
    const missing = migrations.filter(({ name }) => !names.has(name)).map(({ name }) => name)
    if (missing.length > 0) {
      return yield* new StorageUnavailable({
        outcome: "not-applied",
        retryable: false,
        reason: `the schema ${schema} lacks the migrations ${missing.join(", ")}; run migrate()`
      })
    }
  }).pipe(guard, Effect.catch(asUnavailable))
