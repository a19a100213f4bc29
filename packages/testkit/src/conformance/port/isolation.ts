/** Claims about logs side by side: no method sees, counts or changes anything of another log. */
import { strict as assert } from "node:assert"
import { tables } from "@holdfast/core/domain"
import { Effect, Stream } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, moved, oneCommand, registered, someInstant } from "../events.ts"
import { look } from "../look.ts"
import { byKeyOf, reservationRow, reservationsTable, rowOf, skuRow, skusTable } from "../rows.ts"

const end = Number.MAX_SAFE_INTEGER

/** The same commands, SKUs, reservations and keys in every log, with other values. */
const content = (number: number, expected = 0) =>
  appendOf(expected, {
    recordedAt: someInstant + number,
    commands: [{ id: "same", fingerprint: `body ${number}`, events: [moved(["a", "b"], number), registered("a")] }],
    rows: [
      { table: skusTable, rows: [skuRow("a", number, "code")] },
      { table: reservationsTable, rows: [reservationRow("r", someInstant + number)] }
    ]
  })

export const isolationClaims = about("isolation", [
  claim("every method keeps to its log, when all logs use the same ids", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const logs = [newLog(), newLog(), newLog()]
      const [empty, ...used] = logs as [string, string, string]
      for (const log of logs) yield* journal.head(log)
      for (const [index, log] of used.entries()) yield* journal.append(log, content(index + 1))
      for (const [index, log] of [...used, empty].entries()) {
        const number = index + 1
        const head = log === empty ? { position: 0, recordedAt: 0 } : { position: 2, recordedAt: someInstant + number }
        const its = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> => (log === empty ? [] : list)
        const quantityOf = (event: { readonly data: unknown } | undefined) =>
          (event?.data as { movements?: ReadonlyArray<{ quantity: number }> } | undefined)?.movements?.[0]?.quantity
        assert.deepEqual(yield* journal.head(log), head)
        assert.deepEqual(
          yield* journal.load(log, {
            rows: [{ table: skusTable, keys: ["a"] }],
            groups: [{ table: skusTable, group: "byCode", values: ["code"] }],
            expiring: 10
          }),
          {
            head,
            rows: [its([skuRow("a", number, "code")])],
            groups: [its([skuRow("a", number, "code")])],
            expiring: its([{ id: "r", expiresAt: someInstant + number }])
          }
        )
        const { head: known, outcomes } = yield* journal.outcomes(log, ["same"])
        assert.deepEqual(known, head)
        assert.deepEqual(
          [...outcomes.values()].map((outcome) => [outcome.fingerprint, outcome.events.length]),
          its([[`body ${number}`, 2]])
        )
        assert.deepEqual((yield* journal.read(log, 0, 10)).map(quantityOf), its([number, undefined]))
        assert.deepEqual((yield* journal.history(log, "a", end, 10)).map(quantityOf), its([undefined, number]))
        assert.deepEqual((yield* journal.history(log, "b", end, 10)).map(quantityOf), its([number]))
        assert.deepEqual((yield* journal.eventsAt(log, [1, 2, 3])).map(quantityOf), its([number, undefined]))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const snapshot = yield* journal.snapshot(log)
            assert.deepEqual(snapshot.head, head)
            assert.deepEqual((yield* snapshot.events(0, 10)).map(quantityOf), its([number, undefined]))
            assert.deepEqual(yield* Stream.runCollect(snapshot.rows(skusTable)), its([skuRow("a", number, "code")]))
          })
        )
      }
    })
  ),

  claim(
    "an append, a failed one, a lock and a replacement in one log change nothing in another",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const [mine, other] = [newLog(), newLog()]
        for (const log of [mine, other]) {
          yield* journal.head(log)
          yield* journal.append(log, content(7))
        }
        const before = yield* look(journal, other)
        yield* journal.append(mine, content(8, 2)).pipe(Effect.result)
        yield* journal.append(mine, oneCommand(9, "too high")).pipe(Effect.result)
        yield* journal.append(mine, oneCommand(2, "b", [{ table: skusTable, rows: [skuRow("a", 99)] }]))
        yield* journal.exclusively(
          mine,
          journal.append(mine, oneCommand(3, "c", [{ table: skusTable, rows: [skuRow("a", 100)] }]))
        )
        yield* journal.replaceRows(
          mine,
          4,
          tables.map((table) => ({ table, rows: [rowOf(table, 3)] }))
        )
        assert.deepEqual(yield* look(journal, other), before)
        assert.deepEqual((yield* look(journal, mine)).rows["skus"], [rowOf(skusTable, 3)])
      })
  ),

  claim("logs whose names are alike are different logs", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const base = newLog()
      const variants = [
        "",
        "a",
        "A",
        "a b",
        "a  b",
        "%",
        "_",
        "'",
        '"',
        "\\",
        "\u00e9",
        "e\u0301",
        "\ud83d\udce6",
        "/a",
        "$1",
        "{a}"
      ]
      const logs = variants.map((variant) => `${base}.${variant}.`)
      for (const [index, log] of logs.entries()) {
        yield* journal.head(log)
        yield* journal.append(log, content(index + 1))
      }
      for (const [index, log] of logs.entries()) {
        const { head, rows, events } = yield* look(journal, log)
        assert.deepEqual([log, head.recordedAt, events.length], [log, someInstant + index + 1, 2])
        assert.deepEqual(rows["skus"], byKeyOf(skusTable, [skuRow("a", index + 1, "code")]))
      }
    })
  )
])
