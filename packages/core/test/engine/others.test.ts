/** Several engines write one log: each follows what the others wrote, and all of them stay correct. */
import { assert, describe, it } from "@effect/vitest"
import { makeEngine } from "@holdfast/core/engine"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { cart, makeDoor, stocked, tagOf, start } from "./support.ts"

describe("an engine that meets another", () => {
  it.effect("reads the events it missed instead of loading its rows again", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("warm"))
      const other = yield* makeEngine(door.inner, { sweep: false })
      // What was decided ahead of a commit that fails is forgotten; from then on it knows that it is not alone.
      yield* other.submit("reserve", cart("first-meeting", 40))
      yield* engine.submit("reserve", cart("met"))
      yield* other.submit("reserve", cart("elsewhere", 50))
      door.takeCalls()
      yield* engine.submit("reserve", cart("the-rest", 8))
      const calls = door.takeCalls()
      assert.include(calls, "read")
      assert.notInclude(calls, "load", "what both sell was loaded again")
      assert.strictEqual(yield* tagOf(yield* start(engine, "reserve", cart("one-more", 1))), "InsufficientStock")
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.available, 0)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("loads again what it cannot follow", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("warm"))
      const other = yield* makeEngine(door.inner, { sweep: false })
      yield* other.submit("reserve", cart("elsewhere", 5))
      yield* other.submit("confirm", { reservation: "elsewhere" })
      yield* other.submit("ship", { reservation: "elsewhere" })
      yield* engine.submit("reserve", cart("after"))
      assert.deepInclude((yield* engine.availability(["mug"], {}))[0], { onHand: 95, reserved: 2, available: 93 })
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("finds the claims of others dead at their instant", () =>
    Effect.gen(function* () {
      const door = yield* makeDoor
      const one = yield* makeEngine(door.journal, { sweep: false })
      const two = yield* makeEngine(door.inner, { sweep: false })
      yield* one.submit("registerLocation", { id: "LDN", kind: "site" })
      yield* one.submit("registerSku", { id: "mug" })
      yield* one.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      yield* two.submit("reserve", { ...cart("brief"), expiresIn: 1 })
      assert.strictEqual(yield* tagOf(yield* start(one, "reserve", cart("early"))), "InsufficientStock")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* tagOf(yield* start(one, "reserve", cart("late"))), "accepted")
    })
  )
})
