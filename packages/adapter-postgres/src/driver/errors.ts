/** Turns what a driver may throw at us into the few things a journal cares about. */
import { StorageUnavailable } from "@holdfast/core/ports"
import { Cause, Data, Effect, Option } from "effect"
import type { SqlError } from "effect/sql/SqlError"

/** A unique constraint said no. */
export class UniqueViolation extends Data.TaggedError("UniqueViolation")<{ readonly constraint: string }> {}

/** What a guarded effect may fail with. Anything else is a defect of this adapter. */
export type DriverFailure = StorageUnavailable | UniqueViolation

interface Reason {
  readonly _tag: string
  readonly message?: string
  readonly operation?: string
  readonly constraint?: string
  readonly cause?: { readonly code?: string; readonly message?: string; readonly constraint?: string }
}

const isSqlError = (
  value: unknown
): value is { readonly _tag: "SqlError"; readonly reason: Reason; readonly message: string } =>
  typeof value === "object" && value !== null && (value as { _tag?: unknown })._tag === "SqlError"

/** SQLSTATE codes that say that the statement was not carried out, and whether waiting may help. */
const serverRefusals: Readonly<Record<string, readonly [retryable: boolean, sentence: string]>> = {
  "53100": [false, "the database's disk is full"],
  "53200": [true, "the database is out of memory"],
  "53300": [true, "the database has no connection left"],
  "57P03": [true, "the database is starting up or shutting down"],
  "25006": [true, "the database is read-only; it may be a standby"],
  "55P03": [true, "a lock was not available in time"],
  "57014": [true, "the statement was cancelled or took too long"],
  "40001": [true, "the database could not serialise the transaction"],
  "40P01": [true, "the database found a deadlock"],
  "28P01": [false, "the database refused the password"],
  "28000": [false, "the database refused the user"],
  "3D000": [false, "the database does not exist"],
  "42501": [false, "the database user may not do this"]
}

/** SQLSTATE codes after which the connection is gone, so that the fate of a commit is not known. */
const connectionEnds = new Set(["25P03", "57P01", "57P02", "08000", "08003", "08006", "08007"])

const unavailable = (outcome: "not-applied" | "unknown", retryable: boolean, reason: string, cause: unknown) =>
  new StorageUnavailable({ outcome, retryable, reason, cause })

/** What one failure or defect means; nothing when it is no matter of the storage. */
const classify = (error: unknown): DriverFailure | undefined => {
  if (error instanceof StorageUnavailable || error instanceof UniqueViolation) return error
  if (!isSqlError(error)) return undefined
  const { reason } = error
  const code = reason.cause?.code ?? ""
  const text = reason.cause?.message ?? reason.message ?? error.message
  if (reason._tag === "UniqueViolation") {
    return new UniqueViolation({ constraint: reason.constraint ?? reason.cause?.constraint ?? "" })
  }
  if (connectionEnds.has(code))
    return unavailable("unknown", true, `the connection to the database ended: ${text}`, error)
  const refusal = serverRefusals[code]
  if (refusal !== undefined) return unavailable("not-applied", refusal[0], `${refusal[1]}: ${text}`, error)
  switch (reason._tag) {
    case "ConnectionError":
      // A connection that was never made has carried nothing. One that was lost may have carried a commit, and assuming
      // so costs one look-up.
      return unavailable(
        reason.operation === "connect" ? "not-applied" : "unknown",
        true,
        `the connection to the database failed: ${text}`,
        error
      )
    case "AuthenticationError":
    case "AuthorizationError":
      return unavailable("not-applied", false, `the database refused us: ${text}`, error)
    case "DeadlockError":
    case "SerializationError":
    case "LockTimeoutError":
    case "StatementTimeoutError":
      return unavailable("not-applied", true, text, error)
    default:
      return undefined
  }
}

/**
 * Keeps driver errors inside the adapter. Also finds the failure of a connection that broke inside of a transaction,
 * which the driver reports as a defect because its ROLLBACK failed too.
 */
export const guard = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, DriverFailure | Exclude<E, SqlError>, R> =>
  Effect.catchCause(effect, (cause): Effect.Effect<never, DriverFailure | Exclude<E, SqlError>> => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
    for (const reason of cause.reasons) {
      const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
      const failure = classify(error)
      if (failure !== undefined) return Effect.fail(failure)
    }
    const error = Option.getOrUndefined(Cause.findErrorOption(cause))
    return error === undefined || isSqlError(error)
      ? Effect.die(Cause.squash(cause))
      : Effect.fail(error as Exclude<E, SqlError>)
  })
