/** Looking at a whole log, for claims that nothing was written, or that everything was. */
import { strict as assert } from "node:assert"
import { type Event, type Row, tables } from "@holdfast/core/domain"
import type { Head, Journal, LogId, StorageUnavailable } from "@holdfast/core/ports"
import { Effect, Stream } from "effect"
import { byKeyOf } from "./rows.ts"

/** Events per page. */
const pageSize = 1_000

/** Everything a log shows, in a form that compares. */
export interface Look {
  readonly head: Head
  readonly events: ReadonlyArray<object>
  readonly rows: Readonly<Record<string, ReadonlyArray<Row>>>
}

/** All events that `read` gives, page by page. */
export const readAll = Effect.fnUntraced(function* (journal: Journal, log: LogId, size = pageSize) {
  const events: Array<Event> = []
  for (;;) {
    const page: ReadonlyArray<Event> = yield* journal.read(log, events.length, size)
    if (page.length === 0) return events
    events.push(...page)
  }
})

/** The head, every event and every row. */
export const look = Effect.fnUntraced(function* (
  journal: Journal,
  log: LogId
): Effect.fn.Return<Look, StorageUnavailable> {
  const events = yield* readAll(journal, log)
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const snapshot = yield* journal.snapshot(log)
      const rows: Record<string, ReadonlyArray<Row>> = {}
      for (const table of tables) {
        const found = yield* Stream.runCollect(snapshot.rows(table))
        if (found.length > 0) rows[table.name] = byKeyOf(table, found)
      }
      return { head: snapshot.head, events, rows }
    })
  )
})

/** Fails at the first element that differs: a whole diff of thousands takes minutes and helps nobody. */
export const assertSameList = (
  actual: ReadonlyArray<unknown>,
  expected: ReadonlyArray<unknown>,
  where?: string
): void => {
  expected.forEach((element, index) => {
    assert.deepEqual(actual[index], element, where)
  })
  assert.equal(actual.length, expected.length, where)
}

/** What is not stored of an event, or stored for the journal's own use only. */
export const withoutFingerprint = <E extends object>(event: E): object => {
  const { fingerprint: _, ...rest } = event as E & { readonly fingerprint?: unknown }
  return rest
}
