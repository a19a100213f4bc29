/** PGlite, PostgreSQL in this process, behind the ordinary client. */
import { PgClient } from "@effect/sql-pg"
import { StorageUnavailable } from "@holdfast/core/ports"
import { Effect, Redacted, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { FolderInUse, lockFolder } from "./folderLock.ts"
import { PgliteDuplex } from "./PgliteDuplex.ts"

/** Largest answer the client accepts, in bytes: a page of events with large claims. */
const messageBytesMax = 512 * 1024 * 1024

const failed = (cause: unknown, what: string) =>
  new StorageUnavailable({
    outcome: "not-applied",
    retryable: false,
    reason:
      cause instanceof FolderInUse
        ? cause.message
        : `${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause
  })

/**
 * Opens PGlite on a folder, or in memory without one. One connection: statements of several fibers wait for each other.
 * What is committed survives the death of the process; surviving the loss of power is up to the operating system.
 */
export const acquirePglite = Effect.fnUntraced(function* (
  dataDir: string | undefined
): Effect.fn.Return<PgClient.PgClient, StorageUnavailable, Scope.Scope> {
  if (dataDir !== undefined) {
    yield* Effect.acquireRelease(
      Effect.try({
        try: () => lockFolder(dataDir),
        catch: (cause) => failed(cause, `cannot use the folder ${dataDir}`)
      }),
      (unlock) => Effect.sync(unlock)
    )
  }
  const database = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        // Loaded on demand: who uses a server never pays for it.
        const { PGlite } = await import("@electric-sql/pglite")
        return PGlite.create(dataDir === undefined ? {} : { dataDir })
      },
      catch: (cause) => failed(cause, "PGlite does not start")
    }),
    (open) => Effect.promise(() => open.close())
  )
  return yield* PgClient.makeClient({
    username: "postgres",
    password: Redacted.make(""),
    database: "template1",
    applicationName: "holdfast",
    maxMessageSize: messageBytesMax,
    stream: () => new PgliteDuplex(database)
  }).pipe(
    Effect.mapError((cause) => failed(cause, "PGlite does not answer")),
    Effect.provide(Reactivity.layer)
  )
})
