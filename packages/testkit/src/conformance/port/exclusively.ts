/** Claims about locking a log: for readers and writers that met too many others. */
import { strict as assert } from "node:assert"
import { HeadMoved, type Journal } from "@holdfast/core/ports"
import { Deferred, Effect, Fiber } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, oneCommand, registered } from "../events.ts"
import { look } from "../look.ts"
import { skuRow, skusTable } from "../rows.ts"

const request = { rows: [{ table: skusTable, keys: ["a"] }], groups: [], expiring: 0 }

/** Appends at whatever head it is told, until it gets through. */
const persistently = Effect.fnUntraced(function* (journal: Journal, log: string, id: string) {
  let expected = 0
  for (;;) {
    const result = yield* Effect.result(journal.append(log, oneCommand(expected, id)))
    if (result._tag === "Success") return expected + 1
    if (!(result.failure instanceof HeadMoved)) return yield* Effect.fail(result.failure)
    expected = result.failure.actual
  }
})

/** Looks a few times inside the lock, so that whoever could get in between does. */
const lookAround = Effect.fnUntraced(function* (journal: Journal, log: string) {
  const { position } = yield* journal.head(log)
  for (let i = 0; i < 5; i++) {
    yield* Effect.sleep(2)
    const loaded = yield* journal.load(log, request)
    assert.equal(loaded.head.position, position, "somebody appended to a locked log")
  }
  return position
})

/** Several writers insist on appending while others lock the log, load, and append. */
const contend = Effect.fnUntraced(function* (journals: ReadonlyArray<Journal>, log: string) {
  const [first] = journals as readonly [Journal, ...ReadonlyArray<Journal>]
  yield* first.head(log)
  const at = (index: number): Journal => journals[index % journals.length] ?? first
  const insisting = Array.from({ length: 6 }, (_, index) => persistently(at(index), log, `insisting ${index}`))
  const locking = Array.from({ length: 6 }, (_, index) =>
    at(index).exclusively(
      log,
      Effect.gen(function* () {
        const position = yield* lookAround(at(index), log)
        yield* at(index).append(log, oneCommand(position, `locking ${index}`))
      })
    )
  )
  yield* Effect.all([...locking.slice(0, 3), ...insisting, ...locking.slice(3)], { concurrency: "unbounded" })
  const { head, events } = yield* look(first, log)
  assert.deepEqual([head.position, events.length], [12, 12])
})

export const exclusiveClaims = about("exclusively", [
  claim(
    "inside the lock the head stands still and an append gets through, however many others insist",
    ({ journal, newLog }) => contend([journal], newLog())
  ),

  claim(
    "the lock keeps other processes out too",
    ({ journal, elsewhere, newLog }) =>
      Effect.gen(function* () {
        yield* contend([journal, yield* elsewhere], newLog())
      }),
    (manifest) => manifest.shared
  ),

  claim("gives what its effect gives, and fails with what its effect fails with", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      assert.equal(yield* journal.exclusively(log, Effect.succeed("given")), "given")
      const failed = yield* Effect.result(journal.exclusively(log, Effect.fail({ _tag: "Mine" as const })))
      assert.deepEqual(failed._tag === "Failure" ? failed.failure : failed, { _tag: "Mine" })
      const wrongHead = yield* Effect.result(journal.exclusively(log, journal.append(log, oneCommand(7, "a"))))
      assert.ok(wrongHead._tag === "Failure" && wrongHead.failure instanceof HeadMoved)
      assert.equal((yield* journal.head(log)).position, 0)
    })
  ),

  claim(
    "what was appended inside counts when the whole succeeds, and loads inside see the locked log",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.append(
          log,
          oneCommand((yield* journal.head(log)).position, "a", [{ table: skusTable, rows: [skuRow("a", 1)] }])
        )
        yield* journal.exclusively(
          log,
          Effect.gen(function* () {
            assert.deepEqual((yield* journal.load(log, request)).rows, [[skuRow("a", 1)]])
            assert.deepEqual([...(yield* journal.outcomes(log, ["a"])).outcomes.keys()], ["a"])
            yield* journal.append(log, oneCommand(1, "b", [{ table: skusTable, rows: [skuRow("a", 2)] }]))
          })
        )
        const { head, events, rows } = yield* look(journal, log)
        assert.deepEqual([head.position, events.length, rows["skus"]], [2, 2, [skuRow("a", 2)]])
      })
  ),

  claim(
    "a failure inside, of any kind, takes back what was appended inside, and lets others in",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        yield* journal.append(log, oneCommand(0, "a", [{ table: skusTable, rows: [skuRow("a", 1)] }]))
        const before = yield* look(journal, log)
        const append = appendOf(1, {
          commands: [{ id: "b", events: [registered("b"), registered("c")] }],
          rows: [{ table: skusTable, rows: [skuRow("a", 2), skuRow("b", 2)] }]
        })
        const ends = [Effect.fail("a failure"), Effect.die(new Error("a defect")), Effect.interrupt]
        for (const end of ends) {
          const exit = yield* Effect.exit(journal.exclusively(log, Effect.andThen(journal.append(log, append), end)))
          assert.equal(exit._tag, "Failure")
          assert.deepEqual(yield* look(journal, log), before)
          assert.deepEqual([...(yield* journal.outcomes(log, ["b"])).outcomes.keys()], [])
        }
        yield* journal.append(log, append)
        assert.equal((yield* journal.head(log)).position, 3)
      })
  ),

  claim("what is appended inside a lock that fails in the end is seen by nobody at any time", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      let locked = true
      const seen: Array<number> = []
      const watching = Effect.gen(function* () {
        while (locked) {
          seen.push((yield* journal.head(log)).position, (yield* journal.read(log, 0, 10)).length)
          yield* Effect.sleep(1)
        }
      })
      const failing = journal
        .exclusively(
          log,
          Effect.gen(function* () {
            yield* journal.append(log, oneCommand(0, "a"))
            yield* Effect.sleep(15)
            return yield* Effect.fail("in the end")
          })
        )
        .pipe(Effect.result, Effect.ensuring(Effect.sync(() => (locked = false))))
      yield* Effect.all([watching, failing], { concurrency: "unbounded" })
      assert.deepEqual([...new Set(seen)], [0])
    })
  ),

  claim("interruption releases the lock, held or waited for", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      for (let round = 0; round < 3; round++) {
        const inside = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(
          journal.exclusively(log, Effect.andThen(Deferred.succeed(inside, undefined), Effect.never))
        )
        yield* Deferred.await(inside)
        const waiting = yield* Effect.forkChild(persistently(journal, log, `waiting ${round}`))
        const impatient = yield* Effect.forkChild(journal.exclusively(log, Effect.void))
        yield* Effect.sleep(2)
        // At once: whoever waits for a connection may have to get it before they can be interrupted.
        yield* Effect.all([Fiber.interrupt(impatient), Fiber.interrupt(holder)], { concurrency: "unbounded" })
        assert.equal(yield* Fiber.join(waiting), round + 1)
      }
    })
  )
])
