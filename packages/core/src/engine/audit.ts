/** Proof that the rows follow from the events: `verify` folds the log again and compares, `rebuild` writes the fold. */
import { isDeepStrictEqual } from "node:util"
import { Effect, Stream } from "effect"
import { decodeEvent, Draft, evolveInto, keyOf, keySeparator, tables, violations, World } from "../domain/index.ts"
import { LogGap, type StorageUnavailable } from "../ports/errors.ts"
import type { HeadMoved, Journal, LogId, Snapshot } from "../ports/Journal.ts"

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

/** Folds a log from its first event. Fails with `LogGap` where it is not contiguous. */
const fold = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  progress: (events: number, of: number) => void
): Effect.fn.Return<World, LogGap | StorageUnavailable> {
  const world = new World()
  let position = 0
  while (position < snapshot.head.position) {
    const page = yield* snapshot.events(position, pageSize)
    if (page.length === 0) return yield* new LogGap({ expected: position + 1, got: snapshot.head.position + 1 })
    for (const event of page) {
      if (event.position !== position + 1) return yield* new LogGap({ expected: position + 1, got: event.position })
      position = event.position
      const draft = new Draft(world)
      evolveInto(draft, decodeEvent(event), event)
      world.absorb(draft)
    }
    progress(position, snapshot.head.position)
    yield* Effect.yieldNow
  }
  return world
})

/** Compares the rows of a log with the fold of its events, as of one position. Holds the whole state in memory. */
export const verify = (
  journal: Journal,
  log: LogId,
  progress: (events: number, of: number) => void
): Effect.Effect<Verification, LogGap | StorageUnavailable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const snapshot = yield* journal.snapshot(log)
      const world = yield* fold(snapshot, progress)
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

/** Writes the rows again from the log. Fails with `HeadMoved` when somebody appended meanwhile. */
export const rebuild = (
  journal: Journal,
  log: LogId,
  progress: (events: number, of: number) => void
): Effect.Effect<{ readonly position: number; readonly rows: number }, LogGap | HeadMoved | StorageUnavailable> =>
  Effect.gen(function* () {
    const { world, position } = yield* Effect.scoped(
      Effect.gen(function* () {
        const snapshot = yield* journal.snapshot(log)
        return { world: yield* fold(snapshot, progress), position: snapshot.head.position }
      })
    )
    let rows = 0
    const folded = tables.map((table) => {
      const all = world.rows.get(table.name)
      rows += all?.size ?? 0
      return { table, rows: all?.values() ?? [] }
    })
    yield* journal.replaceRows(log, position, folded)
    return { position, rows }
  })
