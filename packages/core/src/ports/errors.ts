/** Failures that come from outside of the domain. */
import { Data } from "effect"

/**
 * The journal's storage did not do what was asked. `outcome` says whether the command may have taken effect:
 * `not-applied` is certain, `unknown` means that the connection died at the wrong moment. Repeating the command with the
 * same `commandId` is safe either way.
 */
export class StorageUnavailable extends Data.TaggedError("StorageUnavailable")<{
  readonly outcome: "not-applied" | "unknown"
  /** Whether the same request may well succeed later without anybody changing anything. */
  readonly retryable: boolean
  readonly reason: string
  /** The id to repeat the command with, when the failure answers a command. */
  readonly commandId?: string
  readonly cause?: unknown
}> {
  override get message() {
    return `${this.reason} (${this.outcome === "unknown" ? "it is not known whether the command took effect" : "nothing was done"})`
  }
}

/** The same command id was used for another command before. `position` is the log position of that one. */
export class CommandIdReused extends Data.TaggedError("CommandIdReused")<{
  readonly commandId: string
  readonly position: number
}> {
  override get message() {
    return `the command id ${this.commandId} was used for a different command at position ${this.position}`
  }
}

/** Too many commands are waiting. Nothing was done; try again later, or shed load. */
export class Overloaded extends Data.TaggedError("Overloaded")<{ readonly waitingMax: number }> {
  override get message() {
    return `${this.waitingMax} commands are waiting already`
  }
}

/** The inventory is closed or closing. Nothing was done. */
export class InventoryClosed extends Data.TaggedError("InventoryClosed") {
  override get message() {
    return "this inventory is closed"
  }
}

/** A reader got an event that does not follow the one before: events were lost, or the journal breaks its contract. */
export class LogGap extends Data.TaggedError("LogGap")<{ readonly expected: number; readonly got: number }> {
  override get message() {
    return `the log continues with event ${this.got} where event ${this.expected} was due`
  }
}

/** The engine was asked for more than its journal guarantees. */
export class WeakGuarantee extends Data.TaggedError("WeakGuarantee")<{
  readonly adapter: string
  readonly guarantee: string
  readonly needed: string
  readonly offered: string
}> {
  override get message() {
    return `${this.adapter} offers ${this.guarantee} = ${this.offered}; ${this.needed} is needed`
  }
}
