/** Claims about looking at, and rewriting, all rows of a log: what `verify` and `rebuild` stand on. */
import { strict as assert } from "node:assert"
import { type Row, tables } from "@holdfast/core/domain"
import { HeadMoved, type Journal } from "@holdfast/core/ports"
import { Effect, Stream } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, oneCommand, registered, someInstant } from "../events.ts"
import { assertSameList, look, withoutFingerprint } from "../look.ts"
import { byKeyOf, rowOf, skuRow, skusTable } from "../rows.ts"

const skuCount = 50

/** The step that takes every row to `position`, so that a mix of two positions shows. */
const step = (position: number) =>
  appendOf(position - 1, {
    commands: [{ id: `c${position}`, events: [registered("a")] }],
    recordedAt: someInstant + position,
    rows: [{ table: skusTable, rows: Array.from({ length: skuCount }, (_, index) => skuRow(`s${index}`, position)) }]
  })

/** Appends steps until it is told to stop; says how far it came. */
const keepAppending = (journal: Journal, log: string, state: { position: number; stop: boolean }) =>
  Effect.gen(function* () {
    while (!state.stop && state.position < 5_000) {
      yield* journal.append(log, step(state.position + 1))
      state.position++
      yield* Effect.yieldNow
    }
  })

/** Gives appends a chance to happen, without asking the journal: a snapshot may hold its only connection. */
const waitForAppends = Effect.fnUntraced(function* (state: { readonly position: number }) {
  const before = state.position
  for (let i = 0; i < 10 && state.position < before + 2; i++) yield* Effect.sleep(1)
})

export const snapshotClaims = about("snapshots", [
  claim("a snapshot of an empty log is empty", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const snapshot = yield* journal.snapshot(newLog())
      assert.deepEqual(snapshot.head, { position: 0, recordedAt: 0 })
      assert.deepEqual(yield* snapshot.events(0, 10), [])
      for (const table of tables) assert.deepEqual(yield* Stream.runCollect(snapshot.rows(table)), [])
    })
  ),

  claim("head, events and rows of a snapshot stay as of one position, while appends go on", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      for (let position = 1; position <= 4; position++) yield* journal.append(log, step(position))
      const state = { position: 4, stop: false }
      const looking = Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          yield* waitForAppends(state)
          yield* Effect.scoped(
            Effect.gen(function* () {
              const snapshot = yield* journal.snapshot(log)
              const { position, recordedAt } = snapshot.head
              assert.equal(recordedAt, someInstant + position)
              yield* waitForAppends(state)
              const rows = yield* Stream.runCollect(snapshot.rows(skusTable))
              assert.deepEqual([...new Set(rows.map((row) => row["position"]))], [position], "rows of another position")
              assert.equal(rows.length, skuCount)
              yield* waitForAppends(state)
              const events = yield* snapshot.events(0, 100_000)
              assertSameList(
                events.map((event) => event.position),
                Array.from({ length: position }, (_, index) => index + 1)
              )
              assert.deepEqual(
                (yield* snapshot.events(position - 2, 100)).map((event) => event.position),
                [position - 1, position]
              )
              assert.deepEqual(yield* snapshot.events(position, 100), [])
            })
          )
        }
      }).pipe(Effect.ensuring(Effect.sync(() => (state.stop = true))))
      yield* Effect.all([keepAppending(journal, log, state), looking], { concurrency: "unbounded" })
      assert.equal((yield* journal.head(log)).position, state.position)
    })
  ),

  claim(
    "the rows of a table stream whole, 12,000 of them, and other tables stream beside them",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const rows = Array.from({ length: 12_000 }, (_, index) => skuRow(`s${index}`, index))
        for (let part = 0; part < 4; part++) {
          yield* journal.append(
            log,
            oneCommand(part, `c${part}`, [{ table: skusTable, rows: rows.slice(part * 3_000, (part + 1) * 3_000) }])
          )
        }
        const others = tables.filter((table) => table !== skusTable)
        const few = (table: (typeof tables)[number]) => [1, 2, 3].map((seed) => rowOf(table, seed))
        yield* journal.append(
          log,
          oneCommand(
            4,
            "few",
            others.map((table) => ({ table, rows: few(table) }))
          )
        )
        const snapshot = yield* journal.snapshot(log)
        const found = yield* Stream.runCollect(snapshot.rows(skusTable))
        assert.equal(new Set(found.map((row) => row["id"])).size, rows.length)
        assertSameList(byKeyOf(skusTable, found), byKeyOf(skusTable, rows))
        for (const table of others) {
          assert.deepEqual(byKeyOf(table, yield* Stream.runCollect(snapshot.rows(table))), byKeyOf(table, few(table)))
        }
      })
  ),

  claim("events of a snapshot carry the fingerprints they were stored with", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const append = appendOf(0, {
        commands: ["a", "b"].map((id) => ({ id, events: [registered(id), registered(id)] }))
      })
      yield* journal.append(log, append)
      const snapshot = yield* journal.snapshot(log)
      assert.deepEqual(yield* snapshot.events(0, 10), append.events)
    })
  )
])

const replacement = tables.map((table): { readonly table: typeof table; readonly rows: ReadonlyArray<Row> } => ({
  table,
  rows: [4, 5, 6].map((seed) => rowOf(table, seed))
}))

export const replaceRowsClaims = about("replacing rows", [
  claim("replaces all rows of a log and leaves its events and head alone", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const rows = tables.map((table) => ({ table, rows: [1, 2, 4].map((seed) => rowOf(table, seed, {}, undefined)) }))
      const append = appendOf(0, { commands: [{ id: "a", events: [registered("a"), registered("b")] }], rows })
      yield* journal.append(log, append)
      // Lists may come from iterators that can be walked once.
      yield* journal.replaceRows(
        log,
        2,
        replacement.map(({ table, rows }) => ({ table, rows: rows.values() }))
      )
      const after = yield* look(journal, log)
      assert.equal(after.head.position, 2)
      assert.deepEqual(after.events.map(withoutFingerprint), append.events.map(withoutFingerprint))
      assert.deepEqual(
        after.rows,
        Object.fromEntries(replacement.map(({ table, rows }) => [table.name, byKeyOf(table, rows)]))
      )
      const loaded = yield* journal.load(log, {
        rows: [{ table: skusTable, keys: [String(rowOf(skusTable, 1)["id"]), String(rowOf(skusTable, 5)["id"])] }],
        groups: [
          { table: skusTable, group: "byCode", values: [1, 5].map((seed) => String(rowOf(skusTable, seed)["code"])) }
        ],
        expiring: 0
      })
      assert.deepEqual([loaded.rows, loaded.groups], [[[rowOf(skusTable, 5)]], [[rowOf(skusTable, 5)]]])
      yield* journal.append(log, oneCommand(2, "b"))
    })
  ),

  claim("replaces rows by none, and 5,000 at once", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.append(
        log,
        oneCommand((yield* journal.head(log)).position, "a", [{ table: skusTable, rows: [skuRow("a")] }])
      )
      yield* journal.replaceRows(
        log,
        1,
        tables.map((table) => ({ table, rows: [] }))
      )
      assert.deepEqual((yield* look(journal, log)).rows, {})
      const many = Array.from({ length: 5_000 }, (_, index) => skuRow(`s${index}`, index))
      yield* journal.replaceRows(log, 1, [{ table: skusTable, rows: many }])
      assertSameList((yield* look(journal, log)).rows["skus"] ?? [], byKeyOf(skusTable, many))
    })
  ),

  claim("fails with the real head when that has moved, and changes nothing", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      yield* journal.append(log, oneCommand(0, "a", [{ table: skusTable, rows: [skuRow("a", 1)] }]))
      yield* journal.append(log, oneCommand(1, "b", [{ table: skusTable, rows: [skuRow("b", 2)] }]))
      const before = yield* look(journal, log)
      for (const position of [0, 1, 3]) {
        const result = yield* Effect.result(journal.replaceRows(log, position, replacement))
        assert.ok(result._tag === "Failure", `rows of position ${position} replaced those of position 2`)
        assert.ok(result.failure instanceof HeadMoved, `it failed with ${result.failure._tag}`)
        assert.deepEqual([result.failure.expected, result.failure.actual], [position, 2])
        assert.deepEqual(yield* look(journal, log), before)
      }
    })
  )
])
