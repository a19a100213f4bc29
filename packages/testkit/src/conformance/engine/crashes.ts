/** Claims about failures between the engine and its storage (law 5), and about coming back. */
import { strict as assert } from "node:assert"
import { decodeEvent } from "@holdfast/core/domain"
import type { Journal, LogId } from "@holdfast/core/ports"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { about, claim } from "../Claim.ts"
import { seeded } from "../../model/random.ts"
import { type Fault, faults, faulty } from "../faults.ts"
import { assertVerified, attempt, engineOn, stockedEngine, verdictOf } from "./setup.ts"

const unbounded = { concurrency: "unbounded" } as const

/** Everybody gets their receipt, once, and the sum is right. */
const receiveUnder = Effect.fnUntraced(function* (journal: Journal, tenant: LogId, schedule: ReadonlyArray<Fault>) {
  yield* Effect.scoped(stockedEngine(journal, tenant, ["a"], 0))
  const engine = yield* engineOn(faulty(journal, ["none", ...schedule]), tenant, { batchMax: 2 })
  const receipts = yield* Effect.forEach(
    Array.from({ length: 6 }, (_, index) => index),
    (index) => engine.submit("receive", { sku: "a", to: "site", quantity: 1 + index, commandId: `c${index}` }),
    unbounded
  )
  const [figures] = yield* engine.availability(["a"], {})
  assert.equal(figures?.onHand, 1 + 2 + 3 + 4 + 5 + 6)
  const healthy = yield* engineOn(journal, tenant)
  for (const receipt of receipts) {
    const events = yield* healthy.outcome(receipt.commandId)
    assert.deepEqual(
      events?.map((event) => event.position),
      [receipt.position]
    )
  }
  for (const [index, receipt] of receipts.entries()) {
    const repeated = { sku: "a", to: "site", quantity: 1 + index, commandId: receipt.commandId }
    assert.deepEqual(yield* healthy.submit("receive", repeated), receipt)
  }
  yield* assertVerified(healthy)
})

export const crashClaims = about("engine", [
  claim(
    "law 5: a lost call, a lost acknowledgement and a refusal, at every step, cost nobody anything",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        for (let step = 0; step < 5; step++) {
          for (const fault of faults.slice(1)) {
            const schedule = [...Array.from({ length: step }, (): Fault => "none"), fault]
            yield* Effect.scoped(receiveUnder(journal, newLog(), schedule))
          }
        }
      })
  ),

  claim("law 5: random schedules of faults lose nothing and double nothing", ({ journal, newLog }) =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...faults), { maxLength: 8 }), async (schedule) => {
          await Effect.runPromise(Effect.scoped(receiveUnder(journal, newLog(), schedule)))
        }),
        { ...seeded(5), endOnFailure: true }
      )
    )
  ),

  claim(
    "law 5: a caller who is told that the outcome is unknown repeats the command and gets its one effect",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const tenant = newLog()
        yield* Effect.scoped(stockedEngine(journal, tenant, ["a"], 0))
        const command = { sku: "a", to: "site", quantity: 5, commandId: "once" } as const
        // Acknowledgements are lost for longer than this engine's patience.
        const dead = faulty(journal, ["none", ...Array.from({ length: 60 }, (): Fault => "acknowledgement lost")])
        const impatient = yield* engineOn(dead, tenant, { storagePatienceMs: 1 })
        const answer = yield* attempt(impatient, "receive", command)
        assert.equal(verdictOf(answer), "StorageUnavailable")
        const healthy = yield* engineOn(journal, tenant)
        const receipt = yield* healthy.submit("receive", command)
        assert.deepEqual(yield* healthy.submit("receive", command), receipt)
        const [figures] = yield* healthy.availability(["a"], {})
        assert.equal(figures?.onHand, 5)
      })
  ),

  claim(
    "an engine that closes and one that opens after it know the same: stock, claims, receipts, history",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const tenant = newLog()
        const before = yield* Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* stockedEngine(journal, tenant, ["a", "b"], 10)
            const receipt = yield* engine.submit("reserve", {
              id: "r",
              owner: "buyer",
              expiresIn: "1 hour",
              lines: [
                { sku: "a", quantity: 2 },
                { sku: "b", quantity: 3, exactly: "site" }
              ],
              commandId: "reserve"
            })
            yield* engine.submit("confirm", { reservation: "r" })
            return { receipt, figures: yield* engine.availability(["a", "b"], {}), row: yield* engine.reservation("r") }
          })
        )
        const engine = yield* engineOn(journal, tenant)
        const again = yield* engine.submit("reserve", {
          id: "r",
          owner: "buyer",
          expiresIn: "1 hour",
          lines: [
            { sku: "a", quantity: 2 },
            { sku: "b", quantity: 3, exactly: "site" }
          ],
          commandId: "reserve"
        })
        assert.deepEqual(
          { receipt: again, figures: yield* engine.availability(["a", "b"], {}), row: yield* engine.reservation("r") },
          before
        )
        assert.equal((yield* engine.submit("ship", { reservation: "r" })).lines.length, 2)
        assert.deepEqual(
          (yield* engine.reservationHistory("r")).map((event) => event.type),
          ["ReservationMade", "ReservationConfirmed", "ReservationShipped"]
        )
        yield* assertVerified(engine)
      })
  ),

  claim(
    "durable: an inventory closed here is the same when it is opened elsewhere",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const receive = { sku: "a", to: "site", quantity: 5, commandId: "received before" } as const
        const before = yield* Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* stockedEngine(yield* storage.journal.open, "tenant", ["a"], 10)
            const receipt = yield* engine.submit("receive", receive)
            return { receipt, figures: yield* engine.availability(["a"], { within: "site" }) }
          })
        )
        const engine = yield* engineOn(yield* storage.elsewhere.open, "tenant")
        assert.deepEqual(
          {
            receipt: yield* engine.submit("receive", receive),
            figures: yield* engine.availability(["a"], { within: "site" })
          },
          before
        )
        yield* assertVerified(engine)
      }),
    (manifest) => manifest.durable
  ),

  claim(
    "a subscriber gets every event in order, of present and past versions of itself, while commands go on",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const engine = yield* stockedEngine(journal, newLog(), ["a"], 0)
        const total = 3 + 60
        const subscribed = engine
          .subscribe({ from: 1, pageSize: 7, pollMs: 5 })
          .pipe(Stream.take(total - 1), Stream.runCollect)
        const commands = Effect.forEach(
          Array.from({ length: 61 }, (_, index) => index),
          (index) => engine.submit("receive", { sku: "a", to: "site", quantity: 1, commandId: `c${index}` }),
          { concurrency: 8 }
        )
        const [events] = yield* Effect.all([subscribed, commands], unbounded)
        assert.deepEqual(
          events.map((event) => event.position),
          Array.from({ length: total - 1 }, (_, index) => index + 1)
        )
        for (const event of events) assert.deepEqual(event.data, decodeEvent(event).data)
      })
  )
])
