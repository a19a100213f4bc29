/** A bounded queue, a shutdown that answers everyone, and callers who stop waiting. */
import { assert, describe, it } from "@effect/vitest"
import { InvalidCommand } from "@holdfast/core/domain"
import { makeEngine } from "@holdfast/core/engine"
import { WeakGuarantee } from "@holdfast/core/ports"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { cart, Door, makeDoor, outage, start, stocked, tagOf } from "./support.ts"

describe("the queue", () => {
  it.effect("takes waitingMax commands, refuses more as Overloaded, and recovers", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ waitingMax: 8 })
      const gate = yield* door.closeForAppends
      const inFlight = yield* start(engine, "reserve", cart("in-flight"))
      yield* gate.arrived
      const waiting = yield* Effect.forEach(Array.from({ length: 8 }), (_, index) =>
        start(engine, "reserve", cart(`w${index}`))
      )
      const refused = yield* Effect.flip(engine.submit("reserve", cart("one-more")))
      assert.deepInclude({ ...refused }, { _tag: "Overloaded", waitingMax: 8 })
      yield* gate.open
      assert.deepStrictEqual(yield* Effect.forEach([inFlight, ...waiting], tagOf), Array(9).fill("accepted"))
      yield* engine.submit("reserve", cart("one-more"))
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.reserved, 10)
    })
  )

  it.effect("does not take what is no command, however full it is", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ waitingMax: 1 })
      const gate = yield* door.closeForAppends
      yield* start(engine, "reserve", cart("in-flight"))
      yield* gate.arrived
      const last = yield* start(engine, "reserve", cart("last"))
      assert.instanceOf(yield* Effect.flip(engine.submit("reserve", cart("", 0))), InvalidCommand)
      yield* gate.open
      assert.strictEqual(yield* tagOf(last), "accepted")
    })
  )
})

describe("closing", () => {
  it.effect("answers everyone who waits, then refuses", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ batchMax: 10 })
      const gate = yield* door.closeForAppends
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), (_, index) =>
        start(engine, "reserve", cart(`r${index}`))
      )
      yield* gate.arrived
      const closing = yield* Effect.forkChild(engine.close, { startImmediately: true })
      assert.strictEqual((yield* Effect.flip(engine.submit("reserve", cart("late"))))._tag, "InventoryClosed")
      assert.strictEqual(closing.pollUnsafe(), undefined)
      yield* gate.open
      yield* Fiber.join(closing)
      for (const fiber of fibers) assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(yield* Effect.forEach(fibers, tagOf), Array(50).fill("accepted"))
      assert.strictEqual((yield* Effect.flip(engine.submit("reserve", cart("later"))))._tag, "InventoryClosed")
    })
  )

  it.effect("twice, at once or in sequence, is once", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* Effect.all([engine.close, engine.close], { concurrency: 2 })
      yield* engine.close
    })
  )

  it.effect("is what closing the scope does", () =>
    Effect.gen(function* () {
      const door = yield* makeDoor
      const scope = yield* Scope.make()
      const engine = yield* Scope.provide(makeEngine(door.journal), scope)
      const fiber = yield* start(engine, "registerSku", { id: "mug" })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* tagOf(fiber), "accepted")
      assert.strictEqual((yield* Effect.flip(engine.submit("registerSku", { id: "cup" })))._tag, "InventoryClosed")
    })
  )

  for (const [how, misbehave] of [
    ["fails", Effect.fail(outage())],
    ["hangs", Effect.never]
  ] as const) {
    it.effect(`ends within the patience for each batch while the storage ${how}, and answers everyone`, () =>
      Effect.gen(function* () {
        const { door, engine } = yield* stocked({ storagePatienceMs: 2_000, batchMax: 10 })
        door.before = () => misbehave
        const fibers = yield* Effect.forEach(Array.from({ length: 30 }), (_, index) =>
          start(engine, "reserve", cart(`r${index}`))
        )
        const closing = yield* Effect.forkChild(engine.close, { startImmediately: true })
        for (let second = 0; second < 15; second++) yield* TestClock.adjust("1 second")
        assert.isDefined(closing.pollUnsafe(), "still closing")
        assert.deepStrictEqual(yield* Effect.forEach(fibers, tagOf), Array(30).fill("StorageUnavailable"))
        assert.strictEqual((yield* door.inner.head("default")).position, 3)
        assert.strictEqual(yield* Effect.flip(engine.head).pipe(Effect.map(({ _tag }) => _tag)), "InventoryClosed")
      })
    )
  }
})

describe("a caller who stops waiting", () => {
  it.effect("does not disturb the others; the command takes effect once or not at all", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const gone = yield* start(engine, "reserve", cart("gone", 1, { commandId: "gone" }))
      const stays = yield* start(engine, "reserve", cart("stays"))
      yield* Fiber.interrupt(gone)
      yield* gate.open
      yield* Fiber.join(first)
      assert.strictEqual(yield* tagOf(stays), "accepted")
      const again = yield* engine.submit("reserve", cart("gone", 1, { commandId: "gone" }))
      assert.strictEqual(again.reservation, "gone")
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.reserved, 3)
    })
  )
})

describe("a journal that guarantees too little", () => {
  it.effect("is refused at the start, with what is missing", () =>
    Effect.gen(function* () {
      for (const guarantee of ["linearizable", "atomicAppend"] as const) {
        const door = yield* makeDoor
        const weak = new Door({ ...door.inner, manifest: { ...door.inner.manifest, [guarantee]: false } })
        const failure = yield* Effect.flip(makeEngine(weak.journal))
        assert.instanceOf(failure, WeakGuarantee)
        assert.deepInclude({ ...failure }, { adapter: "memory", guarantee, needed: "true", offered: "false" })
      }
    })
  )
})
