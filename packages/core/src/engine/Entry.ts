/** A command on its way through the engine. */
import { hash } from "node:crypto"
import type { Exit, Tracer } from "effect"
import {
  answer,
  type Command,
  type CommandAnswer,
  type CommandName,
  type EventBody,
  type Refusal
} from "../domain/index.ts"
import type { CommandIdReused, InventoryClosed, Overloaded, StorageUnavailable } from "../ports/errors.ts"

/** What a caller gets for a command that took effect: the same for every repetition of its command id. */
export type Receipt<N extends CommandName> = CommandAnswer<N> & {
  readonly commandId: string
  /** Log position of its last event. */
  readonly position: number
  /** Epoch milliseconds. */
  readonly recordedAt: number
}

/** Why a submitted command has no receipt. */
export type Rejection = Refusal | CommandIdReused | Overloaded | InventoryClosed | StorageUnavailable

/** One waiting command. */
export interface Entry {
  readonly name: CommandName
  readonly command: Command
  readonly commandId: string
  /** Whether the caller chose the command id, and so may have used it before. */
  readonly supplied: boolean
  readonly fingerprint: string
  /** About how many rows it touches, for the size of batches. */
  readonly weight: number
  /** Epoch milliseconds. */
  readonly enqueuedAt: number
  readonly span: Tracer.Span | undefined
  readonly settle: (exit: Exit.Exit<unknown, Rejection>) => void
}

/** Fields that may differ between two sendings of one command. */
const notPartOfTheBody = new Set(["commandId", "correlationId", "causationId"])

/** Recognises the body of a command: equal bodies have equal fingerprints, whatever the order of their fields. */
export const fingerprintOf = (command: Command): string => {
  let body = ""
  for (const field of Object.keys(command).sort()) {
    if (!notPartOfTheBody.has(field))
      body += `${field}=${canonical((command as object as Record<string, unknown>)[field])};`
  }
  return hash("sha256", body, "base64url").slice(0, 22)
}

/** JSON with sorted fields. */
const canonical = (value: unknown): string => {
  if (typeof value !== "object" || value === null || value instanceof Date) return JSON.stringify(value) ?? "undefined"
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  const fields = Object.keys(value).sort()
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonical((value as Record<string, unknown>)[field])}`).join(",")}}`
}

/** The receipt for a command, from its events. */
export const receiptOf = (
  name: string,
  commandId: string,
  events: ReadonlyArray<EventBody & { readonly position: number; readonly recordedAt: number }>
): Receipt<CommandName> => {
  const last = events.at(-1)
  return Object.assign(answer(name, events) as object, {
    commandId,
    position: last?.position ?? 0,
    recordedAt: last?.recordedAt ?? 0
  }) as Receipt<CommandName>
}
