/** A storage that never answers is given up on, whatever it does when it is asked to stop. */
import { assert, describe, it } from "@effect/vitest"
import { makeEngine } from "@holdfast/core/engine"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cart, start, stocked, tagOf } from "./support.ts"

describe("patience", () => {
  for (const call of ["append", "load"] as const) {
    it.effect(`ends although a hanging ${call} cannot be interrupted, and the engine closes`, () =>
      Effect.gen(function* () {
        const { door } = yield* stocked()
        const engine = yield* makeEngine(door.journal, { sweep: false, storagePatienceMs: 2_000 })
        door.before = (asked) => (asked === call ? Effect.uninterruptible(Effect.never) : Effect.void)
        const waiting = yield* start(engine, "reserve", cart("a"))
        for (let second = 0; second < 3; second++) yield* TestClock.adjust("1 second")
        assert.isDefined(waiting.pollUnsafe(), "still waiting")
        assert.strictEqual(yield* tagOf(waiting), "StorageUnavailable")
        const closing = yield* Effect.forkChild(engine.close, { startImmediately: true })
        yield* TestClock.adjust("3 seconds")
        assert.isDefined(closing.pollUnsafe(), "still closing")
      })
    )
  }

  it.effect("is not stretched by waiting for what a later batch has to load", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 60_000 })
      yield* engine.submit("registerSku", { id: "cup" })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const gated = door.before
      door.before = (call, append) => (call === "load" ? Effect.sleep("30 seconds") : gated(call, append))
      const second = yield* start(engine, "receive", { sku: "cup", to: "LDN", quantity: 1 })
      yield* gate.open
      yield* Effect.repeat(Effect.yieldNow, { times: 50 })
      yield* TestClock.adjust("31 seconds")
      assert.isDefined(first.pollUnsafe(), "a caller whose commit landed still waits")
      yield* TestClock.adjust("31 seconds")
      yield* Fiber.await(second)
    })
  )
})
