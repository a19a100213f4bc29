/** While a commit is in flight the next batch is decided on top of it, and nobody can tell. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cart, outage, start, stocked, tagOf } from "./support.ts"

/** Lets the writer take in and decide what has arrived. */
const decideAhead = Effect.repeat(Effect.yieldNow, { times: 50 })

describe("a batch that is decided while a commit is in flight", () => {
  it.effect("stands on what that commit changes", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const onHand = (yield* engine.availability(["mug"], {}))[0]?.available ?? 0
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("all", onHand))
      yield* gate.arrived
      const second = yield* start(engine, "reserve", cart("one-more", 1))
      const third = yield* start(engine, "release", { reservation: "all" })
      yield* decideAhead
      yield* gate.open
      yield* Fiber.join(first)
      assert.strictEqual(yield* tagOf(second), "InsufficientStock")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(third)))
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.available, onHand)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("is decided again when that commit fails, and its callers never hear of the first decision", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const onHand = (yield* engine.availability(["mug"], {}))[0]?.available ?? 0
      const arrived = yield* Deferred.make<void>()
      const opened = yield* Deferred.make<void>()
      let failures = 1
      door.before = (call) =>
        call !== "append" || failures-- <= 0
          ? Effect.void
          : Effect.andThen(
              Deferred.succeed(arrived, undefined),
              Effect.andThen(Deferred.await(opened), Effect.fail(outage(false)))
            )
      const first = yield* start(engine, "reserve", cart("all", onHand))
      yield* Deferred.await(arrived)
      const second = yield* start(engine, "reserve", cart("also-all", onHand))
      yield* decideAhead
      yield* Deferred.succeed(opened, undefined)
      assert.strictEqual(yield* tagOf(first), "StorageUnavailable")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(second)))
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.available, 0)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("finds a claim dead that the commit in flight made and that has lapsed meanwhile", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 60_000 })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", { ...cart("brief", 1), expiresIn: 1_000 })
      yield* gate.arrived
      yield* TestClock.adjust(1_000)
      const late = yield* start(engine, "confirm", { reservation: "brief" })
      yield* decideAhead
      yield* gate.open
      yield* Fiber.join(first)
      assert.strictEqual(yield* tagOf(late), "ReservationExpired")
    })
  )

  it.effect("takes in no late comer whose claim lapsed since it was opened", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 60_000 })
      yield* engine.submit("reserve", { ...cart("brief", 1), expiresIn: 1_000 })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("other"))
      yield* gate.arrived
      yield* start(engine, "reserve", cart("opens-the-batch"))
      yield* decideAhead
      yield* TestClock.adjust(1_000)
      const late = yield* start(engine, "confirm", { reservation: "brief" })
      yield* decideAhead
      yield* gate.open
      yield* Fiber.join(first)
      assert.strictEqual(yield* tagOf(late), "ReservationExpired")
    })
  )
})
