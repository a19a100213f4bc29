/** Answers to waiting commands. */
import { Cause, Clock, Effect, Exit, Metric, Option } from "effect"
import { CommandIdReused, StorageUnavailable } from "../ports/errors.ts"
import type { Outcome } from "../ports/Journal.ts"
import type { Verdict } from "./decideBatch.ts"
import { type Entry, receiptOf, type Rejection } from "./Entry.ts"
import type { Receipts } from "./Receipts.ts"
import { readEvent } from "./readEvent.ts"
import * as Telemetry from "./Telemetry.ts"

/** An answer, and how it is counted: `accepted`, `refused`, `repeated`, `failed`. */
export interface Settlement {
  readonly entry: Entry
  readonly exit: Exit.Exit<unknown, Rejection>
  readonly outcome: "accepted" | "refused" | "repeated" | "failed"
}

/** Answers of entries that others may follow. */
const settledExits = new WeakMap<Entry, Exit.Exit<unknown, Rejection>>()

/** Gives all entries the same answer. */
export const settleAll = (entries: ReadonlyArray<Entry>, exit: Exit.Exit<unknown, Rejection>): void => {
  for (const entry of entries) {
    if (entry.supplied) settledExits.set(entry, exit)
    entry.settle(exit)
  }
}

/** Gives settled commands their answers, remembers the receipts, and counts. */
export const answer = Effect.fnUntraced(function* (settlements: ReadonlyArray<Settlement>, receipts: Receipts) {
  if (settlements.length === 0) return
  const counts = new Map<string, number>()
  const refused = new Map<string, number>()
  const settledAt = yield* Clock.currentTimeMillis
  for (const { entry, exit, outcome } of settlements) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (Exit.isSuccess(exit)) {
      const receipt = exit.value as { readonly position: number }
      const { fingerprint } = entry
      if (entry.supplied) receipts.add(entry.commandId, { fingerprint, receipt, position: receipt.position })
    } else {
      const tag = Option.getOrUndefined(Cause.findErrorOption(exit.cause))?._tag ?? "Defect"
      refused.set(tag, (refused.get(tag) ?? 0) + 1)
    }
    entry.span?.attribute("holdfast.waited_ms", settledAt - entry.enqueuedAt)
    settleAll([entry], exit)
  }
  for (const [outcome, count] of counts)
    yield* Metric.update(Metric.withAttributes(Telemetry.commands, { outcome }), count)
  for (const [refusal, count] of refused)
    yield* Metric.update(Metric.withAttributes(Telemetry.refusals, { refusal }), count)
})

/** The answer to a repetition within a batch: what the first one got. */
export const follow = (entry: Entry, first: Entry): Settlement => ({
  entry,
  outcome: "repeated",
  exit: settledExits.get(first) ?? Exit.die(new Error("the first of a repeated command was not answered"))
})

/** The answer to a command whose id is known already. */
export const repeated = (entry: Entry, fingerprint: string, position: number, receipt: () => unknown): Settlement => ({
  entry,
  outcome: "repeated",
  exit:
    fingerprint === entry.fingerprint
      ? Exit.succeed(receipt())
      : Exit.fail(new CommandIdReused({ commandId: entry.commandId, position }))
})

/** The answer to a command that took effect before. */
export const fromOutcome = (entry: Entry, outcome: Outcome): Settlement =>
  repeated(entry, outcome.fingerprint, outcome.events.at(-1)?.position ?? 0, () =>
    receiptOf(entry.name, entry.commandId, outcome.events.map(readEvent))
  )

/** The answer to a command that would be refused now, and may yet take effect by a commit that seemed to be lost. */
export const undecided = (entry: Entry): Settlement => ({
  entry,
  outcome: "failed",
  exit: Exit.fail(
    new StorageUnavailable({
      outcome: "unknown",
      retryable: true,
      reason: "an earlier attempt of the command may still be on its way",
      commandId: entry.commandId
    })
  )
})

/** The answer that follows from a verdict. A refusal never answers a command that took effect before. */
export const settlementOf = (verdict: Verdict, known: ReadonlyMap<string, Outcome>): Settlement => {
  const { entry } = verdict
  switch (verdict._tag) {
    case "Accepted":
      return { entry, outcome: "accepted", exit: Exit.succeed(receiptOf(entry.name, entry.commandId, verdict.events)) }
    case "Broken":
      return { entry, outcome: "failed", exit: Exit.die(verdict.defect) }
    case "Refused": {
      const outcome = known.get(entry.commandId)
      return outcome !== undefined
        ? fromOutcome(entry, outcome)
        : { entry, outcome: "refused", exit: Exit.fail(verdict.refusal) }
    }
  }
}
