/**
 * A journal over another one to which everything happens that happens to a connection: answers are late or lost,
 * statements arrive late, twice, or not at all. What it says stays within the port's contract: whatever an engine does
 * wrong over this journal, it would do wrong over a real one.
 */
import { keyOf } from "@holdfast/core/domain"
import {
  type Append,
  CommandRecorded,
  HeadMoved,
  type Journal,
  type LogId,
  RowExists,
  StorageUnavailable
} from "@holdfast/core/ports"
import { Context, Effect } from "effect"
import type { FaultPlan } from "./FaultPlan.ts"

/** An append inside of `exclusively`, which counts only when the whole succeeds. */
interface Transaction {
  readonly log: LogId
  pending: Append | undefined
}

const OpenTransaction = Context.Reference<Transaction | undefined>("holdfast/testkit/OpenTransaction", {
  defaultValue: () => undefined
})

const unavailable = (outcome: "not-applied" | "unknown", reason: string): StorageUnavailable =>
  new StorageUnavailable({ outcome, retryable: true, reason })

/** Wraps a journal. Every fault comes from the plan, so that one seed gives one sequence of faults. */
export const faultyJournal = (journal: Journal, plan: FaultPlan): Journal => {
  /** A question: it may be late, and fail before or after the storage has looked. */
  const ask = <A, E, R>(what: string, question: Effect.Effect<A, E, R>): Effect.Effect<A, E | StorageUnavailable, R> =>
    Effect.suspend(() => {
      const { fault, before, after } = plan.question(what)
      const answer = Effect.andThen(pause(before), question)
      const failure = Effect.fail(unavailable("not-applied", `the connection failed during ${what}`))
      if (fault === "refused") return Effect.andThen(pause(before), failure)
      if (fault === "lost") return Effect.andThen(answer, Effect.andThen(pause(after), failure))
      return Effect.tap(answer, () => pause(after))
    })

  /** Sends a commit, through everything that may happen to it. */
  const send = (log: LogId, append: Append, locked: boolean): ReturnType<Journal["append"]> =>
    Effect.suspend(() => {
      const { fault, before, after, late } = plan.commit(locked)
      const commit = journal.append(log, append)
      const lost = Effect.fail(unavailable("unknown", "the connection died before the commit was acknowledged"))
      const stray = Effect.andThen(pause(late), Effect.ignore(commit))
      switch (fault) {
        case "refused":
          return Effect.andThen(pause(before), Effect.fail(unavailable("not-applied", "the connection was refused")))
        case "lostBefore":
          return Effect.andThen(pause(before), lost)
        case "lostAfter":
          return pause(before).pipe(
            Effect.andThen(Effect.ignore(commit)),
            Effect.andThen(pause(after)),
            Effect.andThen(lost)
          )
        case "late":
          return plan.stray(stray).pipe(Effect.andThen(pause(after)), Effect.andThen(lost))
        case "twice":
          return pause(before).pipe(
            Effect.andThen(commit),
            Effect.ensuring(plan.stray(stray)),
            Effect.andThen(pause(after))
          )
        case "none":
          return pause(before).pipe(Effect.andThen(commit), Effect.andThen(pause(after)))
      }
    })

  /** Inside a transaction: checked against what is there now, written at the end. */
  const prepare = (transaction: Transaction, append: Append): ReturnType<Journal["append"]> =>
    Effect.gen(function* () {
      const ids = [...new Set(append.events.map((event) => event.commandId))]
      const { head, outcomes } = yield* ask("append", journal.outcomes(transaction.log, ids))
      if (head.position !== append.expected)
        return yield* new HeadMoved({ expected: append.expected, actual: head.position })
      if (outcomes.size > 0) return yield* new CommandRecorded()
      const rows = append.rows.map(({ table, added = [] }) => ({ table, keys: added.map((row) => keyOf(table, row)) }))
      const existing = yield* ask("append", journal.load(transaction.log, { rows, groups: [], expiring: 0 }))
      if (existing.rows.some((found) => found.length > 0)) return yield* new RowExists()
      transaction.pending = append
    })

  return {
    manifest: journal.manifest,
    head: (log) => ask("head", journal.head(log)),
    load: (log, request) => ask("load", journal.load(log, request)),
    append: (log, append) =>
      Effect.flatMap(OpenTransaction, (transaction) =>
        transaction === undefined ? send(log, append, false) : prepare(transaction, append)
      ),
    exclusively: (log, effect) =>
      Effect.suspend(() => {
        const transaction: Transaction = { log, pending: undefined }
        const whole = Effect.provideService(effect, OpenTransaction, transaction).pipe(
          Effect.tap(() =>
            transaction.pending === undefined
              ? Effect.void
              : send(log, transaction.pending, true).pipe(
                  // Under the lock, nobody else can have appended.
                  Effect.catchTag(["HeadMoved", "CommandRecorded", "RowExists"], Effect.die)
                )
          )
        )
        return Effect.andThen(ask("lock", Effect.void), journal.exclusively(log, whole))
      }),
    outcomes: (log, commandIds) => ask("outcomes", journal.outcomes(log, commandIds)),
    read: (log, after, limit) => ask("read", journal.read(log, after, limit)),
    history: (log, sku, before, limit) => ask("history", journal.history(log, sku, before, limit)),
    eventsAt: (log, positions) => ask("eventsAt", journal.eventsAt(log, positions)),
    snapshot: (log) => ask("snapshot", journal.snapshot(log)),
    replaceRows: (log, position, rows) => ask("replaceRows", journal.replaceRows(log, position, rows))
  }
}

/** Waits: `undefined` not at all, 0 for the other fibers to have a turn, more for that many milliseconds. */
const pause = (ms: number | undefined): Effect.Effect<void> =>
  ms === undefined ? Effect.void : ms === 0 ? Effect.yieldNow : Effect.sleep(ms)
