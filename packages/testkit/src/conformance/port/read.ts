/** Claims about reading events: pages, the history of a SKU, events by position. */
import { strict as assert } from "node:assert"
import type { Event } from "@holdfast/core/domain"
import type { Journal } from "@holdfast/core/ports"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, moved, oneCommand, registered } from "../events.ts"
import { readAll, withoutFingerprint } from "../look.ts"
import { awkwardTexts } from "../texts.ts"

const end = Number.MAX_SAFE_INTEGER

const positionsOf = (events: ReadonlyArray<Event>): ReadonlyArray<number> => events.map((event) => event.position)

const upTo = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Readers follow a log that several writers append to; no page may pass over a position. */
const follow = Effect.fnUntraced(function* (
  writers: ReadonlyArray<Journal>,
  readers: ReadonlyArray<Journal>,
  log: string
) {
  const [first] = writers as readonly [Journal, ...ReadonlyArray<Journal>]
  yield* first.head(log)
  const appends = 60
  let head = 0
  let writing = writers.length
  const write = (journal: Journal, writer: number) =>
    Effect.gen(function* () {
      while (head < appends * 4) {
        const expected = head
        const append = appendOf(expected, {
          commands: [0, 1].map((index) => ({
            id: `${writer} ${expected} ${index}`,
            events: [registered("a"), moved(["a", "b"])]
          }))
        })
        const result = yield* Effect.result(journal.append(log, append))
        if (result._tag === "Success") head = Math.max(head, expected + 4)
        else if (result.failure._tag === "HeadMoved") head = Math.max(head, result.failure.actual)
        else return yield* Effect.fail(result.failure)
        yield* Effect.yieldNow
      }
    }).pipe(Effect.ensuring(Effect.sync(() => (writing -= 1))))
  const read = (journal: Journal, pageSize: number) =>
    Effect.gen(function* () {
      let last = 0
      for (;;) {
        const ended = writing === 0
        const page = yield* journal.read(log, last, pageSize)
        assert.ok(page.length <= pageSize, `a page of ${page.length} events where ${pageSize} were asked`)
        assert.deepEqual(positionsOf(page), upTo(last + 1, last + page.length), "a page passes over an event")
        last += page.length
        if (ended && page.length === 0) break
        yield* Effect.sleep(0)
      }
      assert.ok(last >= appends * 4, `only ${last} of at least ${appends * 4} events were read`)
    })
  yield* Effect.all([...writers.map(write), ...readers.flatMap((journal) => [read(journal, 3), read(journal, 500)])], {
    concurrency: "unbounded"
  })
})

export const readClaims = about("reading", [
  claim("pages begin after a position, end at the limit, and are empty at the head", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      assert.deepEqual(yield* journal.read(log, 0, 10), [])
      yield* journal.head(log)
      const append = appendOf(0, { commands: upTo(1, 25).map((n) => ({ id: `c${n}`, events: [registered(`s${n}`)] })) })
      yield* journal.append(log, append)
      for (const [after, limit] of [
        [0, 1],
        [0, 10],
        [0, 25],
        [0, 26],
        [10, 10],
        [24, 10],
        [25, 10],
        [1_000, 10]
      ] as const) {
        const page = yield* journal.read(log, after, limit)
        assert.deepEqual(
          page.map(withoutFingerprint),
          append.events.slice(after, after + limit).map(withoutFingerprint)
        )
      }
      for (const size of [1, 7, 25]) assert.deepEqual(positionsOf(yield* readAll(journal, log, size)), upTo(1, 25))
    })
  ),

  claim("no page passes over an event that is not visible yet, while writers race", ({ journal, newLog }) =>
    follow([journal, journal, journal], [journal], newLog())
  ),

  claim(
    "no page passes over an event that is not visible yet, while two processes write",
    ({ journal, elsewhere, newLog }) =>
      Effect.gen(function* () {
        const other = yield* elsewhere
        yield* follow([journal, other, journal, other], [journal, other], newLog())
      }),
    (manifest) => manifest.shared
  ),

  claim(
    "the history of a SKU has the events about it, newest first, each once, whatever else they are about",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        assert.deepEqual(yield* journal.history(log, "a", end, 10), [])
        yield* journal.head(log)
        const bodies = [["a"], ["b"], ["a", "b"], ["b", "a", "b", "a"], ["c"], ["a", "a"], ["c", "b"], ["a"]].map(
          (skus) => moved(skus)
        )
        yield* journal.append(
          log,
          appendOf(0, { commands: bodies.map((body, index) => ({ id: `c${index}`, events: [body] })) })
        )
        const positions = Effect.fnUntraced(function* (sku: string, before = end, limit = 100) {
          return positionsOf(yield* journal.history(log, sku, before, limit))
        })
        assert.deepEqual(yield* positions("a"), [8, 6, 4, 3, 1])
        assert.deepEqual(yield* positions("b"), [7, 4, 3, 2])
        assert.deepEqual(yield* positions("c"), [7, 5])
        assert.deepEqual(yield* positions("A"), [])
        assert.deepEqual(yield* positions("a", 6), [4, 3, 1])
        assert.deepEqual(yield* positions("a", 5), [4, 3, 1])
        assert.deepEqual(yield* positions("a", 1), [])
        assert.deepEqual(yield* positions("a", end, 2), [8, 6])
        assert.deepEqual(yield* positions("a", 6, 1), [4])
        assert.deepEqual(yield* positions("b", 8, 3), [7, 4, 3])
        const [newest] = yield* journal.history(log, "a", end, 1)
        assert.deepEqual(newest?.data, bodies[7]?.data)
      })
  ),

  claim("the history of SKUs whose names are alike is kept apart", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const commands = awkwardTexts.map((sku, index) => ({
        id: `c${index}`,
        events: [index % 2 === 0 ? registered(sku) : moved([sku, "other"])]
      }))
      yield* journal.append(log, appendOf(0, { commands }))
      for (const [index, sku] of awkwardTexts.entries()) {
        assert.deepEqual([sku, positionsOf(yield* journal.history(log, sku, end, 10))], [sku, [index + 1]])
      }
    })
  ),

  claim(
    "events are found by their positions, in order; positions that do not exist are left out",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        assert.deepEqual(yield* journal.eventsAt(log, [1, 2]), [])
        yield* journal.head(log)
        const append = appendOf(0, {
          commands: upTo(1, 300).map((n) => ({ id: `c${n}`, events: [registered(`s${n}`)] }))
        })
        yield* journal.append(log, append)
        assert.deepEqual(yield* journal.eventsAt(log, []), [])
        const some = yield* journal.eventsAt(log, [7, 3, 300, 301, 1, 1_000_000])
        const expected = [1, 3, 7, 300].map((position) => append.events[position - 1] as object)
        assert.deepEqual(some.map(withoutFingerprint), expected.map(withoutFingerprint))
        assert.deepEqual(positionsOf(yield* journal.eventsAt(log, upTo(1, 300).toReversed())), upTo(1, 300))
      })
  ),

  claim("a caller that asks again and again leaves timers and sockets their turn", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      let fired = false
      const timer = setTimeout(() => {
        fired = true
      }, 1)
      let calls = 0
      // Bounded, because a process whose timers never run could not even give up.
      for (; calls < 20_000 && !fired; calls++) yield* journal.head(log)
      clearTimeout(timer)
      assert.ok(fired, `a timer of 1 ms did not run during ${calls} calls in a row`)
    })
  ),

  claim("no reader sees a part of an append", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const size = 5
      let writing = true
      const writer = Effect.gen(function* () {
        for (let round = 0; round < 40; round++) {
          const events = upTo(1, size).map(() => registered("a"))
          yield* journal.append(log, appendOf(round * size, { commands: [{ id: `c${round}`, events }] }))
          yield* Effect.yieldNow
        }
      }).pipe(Effect.ensuring(Effect.sync(() => (writing = false))))
      const reader = Effect.gen(function* () {
        while (writing) {
          assert.equal((yield* journal.head(log)).position % size, 0)
          assert.equal((yield* journal.read(log, 0, 1_000)).length % size, 0)
          assert.equal((yield* journal.history(log, "a", end, 1_000)).length % size, 0)
          yield* Effect.yieldNow
        }
      })
      yield* Effect.all([writer, reader, reader], { concurrency: "unbounded" })
      yield* journal.append(log, oneCommand(40 * size, "last"))
    })
  )
])
