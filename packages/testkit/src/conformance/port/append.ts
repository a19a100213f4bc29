/** Claims about the one duty that everything stands on: an append happens whole, once, at the head, or not at all. */
import { strict as assert } from "node:assert"
import { keyOf, tables } from "@holdfast/core/domain"
import { HeadMoved, RowExists } from "@holdfast/core/ports"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, moved, oneCommand, registered, someInstant } from "../events.ts"
import { assertSameList, look, readAll, withoutFingerprint } from "../look.ts"
import { byKeyOf, rowOf, skuRow, skusTable } from "../rows.ts"

export const appendClaims = about("append", [
  claim("a log that nobody wrote to is empty, and looking at it does not change that", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      const empty = { head: { position: 0, recordedAt: 0 }, events: [], rows: {} }
      assert.deepEqual(yield* journal.head(log), empty.head)
      assert.deepEqual(yield* look(journal, log), empty)
      assert.deepEqual(yield* journal.head(log), empty.head)
    })
  ),

  claim(
    "an append at the head moves it by as many events as it has, to the instant it was recorded at",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const first = appendOf(0, {
          commands: [{ id: "a", events: [registered("a"), registered("b"), registered("c")] }]
        })
        yield* journal.append(log, first)
        assert.deepEqual(yield* journal.head(log), { position: 3, recordedAt: someInstant })
        yield* journal.append(log, { ...oneCommand(3, "b"), recordedAt: someInstant + 1 })
        assert.deepEqual(yield* journal.head(log), { position: 4, recordedAt: someInstant + 1 })
      })
  ),

  claim("what is acknowledged is there at once, wherever one looks", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      for (let position = 0; position < 12; position++) {
        const id = `c${position}`
        const row = skuRow(id, position + 1)
        const append = oneCommand(position, id, [{ table: skusTable, rows: [row] }])
        yield* journal.append(log, append)
        const request = { rows: [{ table: skusTable, keys: [id] }], groups: [], expiring: 0 }
        const { outcomes } = yield* journal.outcomes(log, [id])
        assert.deepEqual(
          {
            head: (yield* journal.head(log)).position,
            loaded: yield* journal.load(log, request),
            read: (yield* journal.read(log, position, 10)).map(withoutFingerprint),
            outcome: outcomes.get(id)?.events.map(withoutFingerprint),
            history: (yield* journal.history(log, `sku of ${id}`, Number.MAX_SAFE_INTEGER, 10)).map(withoutFingerprint)
          },
          {
            head: position + 1,
            loaded: {
              head: { position: position + 1, recordedAt: someInstant },
              rows: [[row]],
              groups: [],
              expiring: []
            },
            read: append.events.map(withoutFingerprint),
            outcome: append.events.map(withoutFingerprint),
            history: append.events.map(withoutFingerprint)
          }
        )
      }
    })
  ),

  claim(
    "an append that expects the head too low or too high fails with where it really is, and writes nothing",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const refused = Effect.fnUntraced(function* (expected: number, actual: number) {
          const before = yield* look(journal, log)
          const append = oneCommand(expected, `stray at ${expected}`, [{ table: skusTable, rows: [skuRow("stray")] }])
          const result = yield* Effect.result(journal.append(log, append))
          assert.ok(result._tag === "Failure", `an append after ${expected} was accepted with the head at ${actual}`)
          assert.ok(result.failure instanceof HeadMoved, `it failed with ${result.failure._tag} instead of HeadMoved`)
          assert.deepEqual({ expected: result.failure.expected, actual: result.failure.actual }, { expected, actual })
          assert.deepEqual(yield* look(journal, log), before)
        })
        yield* refused(1, 0)
        yield* refused(1_000_000, 0)
        const three = appendOf(0, {
          commands: ["a", "b", "c"].map((id) => ({ id, events: [registered(id)] })),
          rows: [{ table: skusTable, rows: [skuRow("a"), skuRow("b")] }]
        })
        yield* journal.append(log, three)
        for (const expected of [0, 1, 2, 4, 5, 1_000_000]) yield* refused(expected, 3)
        yield* journal.append(log, oneCommand(3, "d"))
        for (const expected of [3, 5]) yield* refused(expected, 4)
      })
  ),

  claim(
    "events are numbered 1, 2, 3, … over batches of any size, and come back as they were written",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const written: Array<object> = []
        for (const size of [1, 2, 1, 7, 30, 1, 3]) {
          const commands = Array.from({ length: size }, (_, index) => ({
            id: `${written.length} ${index}`,
            events: [registered(`s${index}`), moved([`s${index}`, "t"])].slice(0, 1 + (index % 2))
          }))
          const append = appendOf(written.length, { commands })
          yield* journal.append(log, append)
          written.push(...append.events)
        }
        const events = yield* readAll(journal, log)
        assert.deepEqual(
          events.map((event) => event.position),
          written.map((_, index) => index + 1)
        )
        assertSameList(events.map(withoutFingerprint), written.map(withoutFingerprint))
      })
  ),

  claim("a row is inserted or replaced as a whole; its neighbours stay", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      let position = 0
      const expected: Record<string, ReadonlyArray<object>> = {}
      for (const table of tables.filter((table) => !table.appendOnly)) {
        const [first, second, third] = [rowOf(table, 1), rowOf(table, 2), rowOf(table, 3)]
        const key = Object.fromEntries(table.key.map((column) => [column, second[column]]))
        const replaced = { ...rowOf(table, 9), ...key }
        assert.equal(keyOf(table, replaced), keyOf(table, second))
        yield* journal.append(log, oneCommand(position++, `${table.name} 1`, [{ table, rows: [first, second] }]))
        yield* journal.append(log, oneCommand(position++, `${table.name} 2`, [{ table, rows: [third, replaced] }]))
        expected[table.name] = byKeyOf(table, [first, replaced, third])
      }
      assert.deepEqual((yield* look(journal, log)).rows, expected)
    })
  ),

  claim(
    "rows that are added are there after it; if one of them existed, the append fails as RowExists and writes nothing",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const [log, other] = [newLog(), newLog()]
        for (const each of [log, other]) yield* journal.head(each)
        let position = 0
        const expected: Record<string, ReadonlyArray<object>> = {}
        for (const table of tables) {
          const [first, second, third, fourth] = [rowOf(table, 1), rowOf(table, 2), rowOf(table, 3), rowOf(table, 4)]
          const rows = [{ table, rows: [first], added: [second, third] }]
          yield* journal.append(log, { ...oneCommand(position++, table.name), rows })
          expected[table.name] = byKeyOf(table, [first, second, third])
          const before = yield* look(journal, log)
          for (const added of [[first], [fourth, second], [second, fourth], [rowOf(table, 5), third, fourth]]) {
            const again = {
              ...oneCommand(position, `${table.name} again`),
              rows: [
                { table: skusTable, rows: [skuRow("stray")] },
                { table, rows: [], added }
              ]
            }
            const result = yield* Effect.result(journal.append(log, again))
            assert.ok(result._tag === "Failure", `${table.name}: a row was added over one that existed`)
            assert.ok(result.failure instanceof RowExists, `it failed with ${result.failure._tag} instead of RowExists`)
            assert.deepEqual(yield* look(journal, log), before)
          }
        }
        assert.deepEqual((yield* look(journal, log)).rows, expected)
        yield* journal.append(other, {
          ...oneCommand(0, "other"),
          rows: tables.map((table) => ({ table, rows: [], added: [rowOf(table, 1)] }))
        })
      })
  ),

  claim("an append without rows, and one with empty lists of them, is as good as any", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      yield* journal.append(log, oneCommand(0, "a"))
      yield* journal.append(
        log,
        oneCommand(
          1,
          "b",
          tables.map((table) => ({ table, rows: [] }))
        )
      )
      const { head, events, rows } = yield* look(journal, log)
      assert.deepEqual([head.position, events.length, rows], [2, 2, {}])
    })
  ),

  claim("2,000 events and 6,000 rows in one append are all there after it", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const rows = tables
        .filter((table) => ["skus", "levels", "holds"].includes(table.name))
        .map((table) => ({ table, rows: Array.from({ length: 2_000 }, (_, seed) => rowOf(table, seed)) }))
      const append = appendOf(0, {
        commands: Array.from({ length: 1_000 }, (_, index) => ({
          id: `c${index}`,
          events: [registered(`s${index}`), moved([`s${index}`, `s${index + 1}`])]
        })),
        rows
      })
      yield* journal.append(log, append)
      const found = yield* look(journal, log)
      assert.equal(found.head.position, 2_000)
      assertSameList(found.events.map(withoutFingerprint), append.events.map(withoutFingerprint))
      for (const { table, rows: written } of rows) assertSameList(found.rows[table.name] ?? [], byKeyOf(table, written))
    })
  )
])
