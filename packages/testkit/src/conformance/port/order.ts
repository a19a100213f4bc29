/** Claims about writers that race: the head lets one of them through at a time. */
import { strict as assert } from "node:assert"
import { HeadMoved, type Journal } from "@holdfast/core/ports"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, oneCommand, registered } from "../events.ts"
import { assertSameList, look, readAll } from "../look.ts"
import { skuRow, skusTable } from "../rows.ts"

const rounds = 15
const racers = 8

/** Lets racers append at the same head, round after round, each with a row of its own and one that all of them write. */
const race = Effect.fnUntraced(function* (journals: ReadonlyArray<Journal>, log: string) {
  const [journal] = journals as readonly [Journal, ...ReadonlyArray<Journal>]
  yield* journal.head(log)
  const winners: Array<string> = []
  for (let round = 0; round < rounds; round++) {
    const results = yield* Effect.all(
      Array.from({ length: racers }, (_, racer) => {
        const id = `round ${round} racer ${racer}`
        const rows = [skuRow(id), skuRow("shared", round + 1, id)]
        const mine = journals[racer % journals.length] ?? journal
        return Effect.result(mine.append(log, oneCommand(round, id, [{ table: skusTable, rows }])))
      }),
      { concurrency: "unbounded" }
    )
    const won = results.flatMap((result, racer) => (result._tag === "Success" ? [racer] : []))
    assert.equal(won.length, 1, `${won.length} of ${racers} appends at position ${round} were accepted`)
    winners.push(`round ${round} racer ${won[0]}`)
    for (const result of results) {
      if (result._tag === "Success") continue
      assert.ok(result.failure instanceof HeadMoved, `a loser got ${result.failure._tag} instead of HeadMoved`)
      assert.deepEqual([result.failure.expected, result.failure.actual], [round, round + 1])
    }
  }
  const { events, rows } = yield* look(journal, log)
  assert.deepEqual(
    events.map((event) => (event as { readonly commandId: string }).commandId),
    winners
  )
  const ids = (rows["skus"] ?? []).map((row) => String(row["id"]))
  assert.deepEqual(ids, [...winners, "shared"].sort())
  assert.equal(rows["skus"]?.find((row) => row["id"] === "shared")?.["code"], winners.at(-1))
})

/** Lets writers append as often as they can, each retrying with the head it is told. */
const increment = Effect.fnUntraced(function* (journals: ReadonlyArray<Journal>, log: string) {
  const [first] = journals as readonly [Journal, ...ReadonlyArray<Journal>]
  yield* first.head(log)
  const each = 10
  yield* Effect.forEach(
    Array.from({ length: 6 }, (_, writer) => writer),
    Effect.fnUntraced(function* (writer) {
      const journal = journals[writer % journals.length] ?? first
      let expected = 0
      for (let done = 0; done < each; ) {
        const append = appendOf(expected, {
          commands: [{ id: `${writer} ${done}`, events: [registered("a"), registered("b")] }]
        })
        const result = yield* Effect.result(journal.append(log, append))
        if (result._tag === "Success") {
          done++
          expected += 2
        } else if (result.failure instanceof HeadMoved) {
          assert.ok(result.failure.actual > expected, `told ${result.failure.actual} when ${expected} was wrong`)
          expected = result.failure.actual
        } else return yield* Effect.fail(result.failure)
      }
    }),
    { concurrency: "unbounded" }
  )
  const events = yield* readAll(first, log)
  assertSameList(
    events.map((event) => event.position),
    events.map((_, index) => index + 1)
  )
  assert.equal(events.length, 6 * each * 2)
  for (let writer = 0; writer < 6; writer++) {
    const order = events.filter(
      (event) => event.commandId.startsWith(`${writer} `) && event.position === event.commandPosition
    )
    assert.deepEqual(
      order.map((event) => event.commandId),
      Array.from({ length: each }, (_, index) => `${writer} ${index}`)
    )
  }
})

export const orderClaims = about("order", [
  claim(
    "of N writers at one head exactly one gets through, round after round, and the others are told",
    ({ journal, newLog }) => race([journal], newLog())
  ),

  claim(
    "writers that follow the head they are told all get through, in an order of commits without gaps",
    ({ journal, newLog }) => increment([journal], newLog())
  ),

  claim(
    "of N writers in two processes exactly one gets through, and both see the same log",
    ({ journal, elsewhere, newLog }) =>
      Effect.gen(function* () {
        const other = yield* elsewhere
        const log = newLog()
        yield* race([journal, other], log)
        assert.deepEqual(yield* look(other, log), yield* look(journal, log))
        yield* increment([journal, other], newLog())
      }),
    (manifest) => manifest.shared
  )
])
