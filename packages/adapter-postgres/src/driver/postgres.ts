/** A pool of connections to a PostgreSQL server. */
import { PgClient } from "@effect/sql-pg"
import { StorageUnavailable } from "@holdfast/core/ports"
import { Effect, Fiber, Redacted, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"

/** How to reach a server. */
export interface PostgresConnection {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** Most connections. Writing uses one; reads and transactions the others. Default: 8. */
  readonly maxConnections?: number
  /** Whether to keep statements prepared. Turn it off behind poolers that share connections by statement. Default: true. */
  readonly prepare?: boolean
  /** Whether to speak TLS. Default: as the URL says. */
  readonly ssl?: boolean
  /** How long to wait for a connection, in milliseconds. Default: 5,000. */
  readonly connectTimeoutMs?: number
}

const messageBytesMax = 512 * 1024 * 1024

/** How long closing waits for connections to say goodbye, in milliseconds; one over a dead network never does. */
const closingMsMax = 5_000

/** Opens a pool. Connections are made when they are needed; closing it takes bounded time. */
export const acquirePostgres = (
  options: PostgresConnection
): Effect.Effect<PgClient.PgClient, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) =>
      Effect.flatMap(Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true }), (closing) =>
        Effect.timeoutOption(Fiber.await(closing), closingMsMax)
      )
    )
    return yield* Scope.provide(makePool(options), scope)
  })

const makePool = (options: PostgresConnection): Effect.Effect<PgClient.PgClient, StorageUnavailable, Scope.Scope> =>
  PgClient.make({
    url: Redacted.make(options.url),
    applicationName: "holdfast",
    maxConnections: options.maxConnections ?? 8,
    minConnections: 0,
    connectTimeout: options.connectTimeoutMs ?? 5_000,
    prepare: options.prepare ?? true,
    maxMessageSize: messageBytesMax,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl })
  }).pipe(
    Effect.mapError(
      (cause) =>
        new StorageUnavailable({
          outcome: "not-applied",
          retryable: true,
          reason: `PostgreSQL does not answer: ${cause.message}`,
          cause
        })
    ),
    Effect.provide(Reactivity.layer)
  )
