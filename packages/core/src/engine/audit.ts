/** Proof that the rows follow from the events: `verify` folds the log again and compares, `rebuild` writes the fold. */
import { isDeepStrictEqual } from "node:util"
import { randomUUID } from "node:crypto"
import { Clock, Effect, Stream } from "effect"
import {
  decodeEvent,
  Draft,
  type Event,
  evolveInto,
  keyOf,
  keySeparator,
  ownCommandPrefix,
  RowsRebuilt,
  tables,
  violations,
  World
} from "../domain/index.ts"
import { LogGap, type StorageUnavailable } from "../ports/errors.ts"
import type { Head, HeadMoved, Journal, LogId, StoredEvent } from "../ports/Journal.ts"

/** What `verify` found. */
export interface Verification {
  /** Whether rows and events agree and every law holds. */
  readonly ok: boolean
  /** The log position it was checked at. */
  readonly position: number
  readonly events: number
  readonly rows: number
  /** Rows that differ from the fold of the log; at most {@link differencesMax} are listed. */
  readonly differences: ReadonlyArray<string>
  /** Laws that the rows break. */
  readonly violations: ReadonlyArray<string>
}

/** Most differences that `verify` lists. */
export const differencesMax = 100

const pageSize = 5_000

/** Where events come from: after a position, in order. */
type ReadEvents = (after: number, limit: number) => Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>

/** A log folded up to a position. */
class Fold {
  readonly world = new World()
  position = 0

  /** Goes on to a position. Fails with `LogGap` where the log is not contiguous. */
  readonly to = Effect.fnUntraced(
    { self: this },
    function* (
      this: Fold,
      read: ReadEvents,
      end: number,
      progress: (events: number, of: number) => void
    ): Effect.fn.Return<void, LogGap | StorageUnavailable> {
      while (this.position < end) {
        const page = yield* read(this.position, Math.min(pageSize, end - this.position))
        if (page.length === 0) return yield* new LogGap({ expected: this.position + 1, got: end + 1 })
        for (const event of page) {
          if (event.position !== this.position + 1) {
            return yield* new LogGap({ expected: this.position + 1, got: event.position })
          }
          this.position = event.position
          const draft = new Draft(this.world)
          evolveInto(draft, decodeEvent(event), event)
          this.world.absorb(draft)
        }
        progress(this.position, end)
        yield* Effect.yieldNow
      }
    }
  )
}

/** Folds a log up to where it stands. Events never change, so this needs no snapshot, and nobody has to wait for it. */
const foldToHead = Effect.fnUntraced(function* (
  journal: Journal,
  log: LogId,
  progress: (events: number, of: number) => void
): Effect.fn.Return<{ readonly fold: Fold; readonly head: Head }, LogGap | StorageUnavailable> {
  const head = yield* journal.head(log)
  const fold = new Fold()
  yield* fold.to((after, limit) => journal.read(log, after, limit), head.position, progress)
  return { fold, head }
})

/** Compares the rows of a log with the fold of its events, as of one position. Holds the whole state in memory. */
export const verify = (
  journal: Journal,
  log: LogId,
  progress: (events: number, of: number) => void
): Effect.Effect<Verification, LogGap | StorageUnavailable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { fold } = yield* foldToHead(journal, log, progress)
      const snapshot = yield* journal.snapshot(log)
      yield* fold.to(snapshot.events, snapshot.head.position, progress)
      const { world } = fold
      const differences: Array<string> = []
      const differ = (text: string) => {
        if (differences.length < differencesMax) differences.push(text)
      }
      const broken = violations(world)
      let rows = 0
      for (const table of tables) {
        const expected = world.rows.get(table.name) ?? new Map()
        yield* Stream.runForEach(snapshot.rows(table), (row) =>
          Effect.sync(() => {
            rows++
            const key = keyOf(table, row)
            const folded = expected.get(key)
            const name = `${table.name} ${key.split(keySeparator).join(" / ")}`
            if (folded === undefined) differ(`${name} does not follow from the log`)
            else if (!isDeepStrictEqual(row, folded)) {
              differ(`${name} is ${JSON.stringify(row)}, the log makes it ${JSON.stringify(folded)}`)
            }
            expected.delete(key)
          })
        )
        for (const key of expected.keys()) differ(`${table.name} ${key.split(keySeparator).join(" / ")} is missing`)
      }
      return {
        ok: differences.length === 0 && broken.length === 0,
        position: snapshot.head.position,
        events: snapshot.head.position,
        rows,
        differences,
        violations: broken
      }
    })
  )

/**
 * Writes the rows again from the log, and says so in the log: the head moves, so that no engine which remembers the rows
 * from before can write them back. Fails with `HeadMoved` when somebody appended meanwhile.
 */
export const rebuild = Effect.fnUntraced(function* (
  journal: Journal,
  log: LogId,
  progress: (events: number, of: number) => void
): Effect.fn.Return<{ readonly position: number; readonly rows: number }, LogGap | HeadMoved | StorageUnavailable> {
  const { fold, head } = yield* foldToHead(journal, log, progress)
  let rows = 0
  const folded = tables.map((table) => {
    const all = fold.world.rows.get(table.name)
    rows += all?.size ?? 0
    return { table, rows: all?.values() ?? [] }
  })
  const position = head.position + 1
  const recordedAt = Math.max(head.recordedAt, yield* Clock.currentTimeMillis)
  const rebuilt: StoredEvent = {
    ...RowsRebuilt.make({ rows }),
    position,
    commandId: `${ownCommandPrefix}rebuild:${randomUUID()}`,
    commandPosition: position,
    skus: [],
    effectiveAt: recordedAt,
    recordedAt,
    meta: {},
    fingerprint: ""
  }
  yield* journal
    .exclusively(
      log,
      Effect.andThen(
        journal.replaceRows(log, head.position, folded),
        journal.append(log, { expected: head.position, recordedAt, events: [rebuilt], rows: [] })
      )
    )
    .pipe(Effect.catchTags({ CommandRecorded: Effect.die, RowExists: Effect.die }))
  return { position, rows }
})
