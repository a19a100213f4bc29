/** One command id, one effect, one answer: at once, in sequence, over engines, after failures. */
import { assert, describe, it } from "@effect/vitest"
import { makeEngine } from "@holdfast/core/engine"
import { CommandIdReused, StorageUnavailable } from "@holdfast/core/ports"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cart, lostAnswer, outage, start, stocked, tagOf } from "./support.ts"

const delivery = { sku: "mug", to: "LDN", quantity: 5, commandId: "po-17" } as const

describe("the same command id and the same body", () => {
  it.effect("in one batch is one command with one answer for all", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = yield* Effect.forEach(Array.from({ length: 20 }), () => start(engine, "receive", delivery))
      yield* gate.open
      yield* Fiber.join(first)
      const receipts = yield* Fiber.joinAll(fibers)
      for (const receipt of receipts) assert.deepStrictEqual(receipt, receipts[0])
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 105)
    })
  )

  it.effect("a repetition in the same batch as a refusal is refused the same", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = yield* Effect.forEach([1, 2, 3], () =>
        start(engine, "reserve", cart("greedy", 1_000, { commandId: "greedy" }))
      )
      yield* gate.open
      yield* Fiber.join(first)
      assert.deepStrictEqual(yield* Effect.forEach(fibers, tagOf), Array(3).fill("InsufficientStock"))
    })
  )

  it.effect("in a later batch gets the first answer, whatever other metadata it carries", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const receipt = yield* engine.submit("receive", { ...delivery, correlationId: "first" })
      const again = yield* engine.submit("receive", { ...delivery, correlationId: "second", causationId: "retry" })
      assert.deepStrictEqual(again, receipt)
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 105)
    })
  )

  it.effect("does not depend on the order of the fields", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const receipt = yield* engine.submit("receive", delivery)
      const again = yield* engine.submit("receive", { commandId: "po-17", quantity: 5, to: "LDN", sku: "mug" })
      assert.deepStrictEqual(again, receipt)
    })
  )

  it.effect("after 10,000 others is still recognised, in the log instead of in memory", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const receipt = yield* engine.submit("receive", delivery)
      const others = yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
        start(engine, "receive", { sku: "mug", to: "LDN", quantity: 1, commandId: `other-${index}` })
      )
      yield* Fiber.joinAll(others)
      door.takeCalls()
      assert.deepStrictEqual(yield* engine.submit("receive", delivery), receipt)
      assert.include(door.takeCalls(), "outcomes")
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 10_105)
    })
  )

  it.effect("after reopening the journal gets the same answer", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const made = yield* engine.submit("reserve", cart("c", 3, { commandId: "c-1" }))
      yield* engine.close
      const reopened = yield* makeEngine(door.journal, { sweep: false })
      assert.deepStrictEqual(yield* reopened.submit("reserve", cart("c", 3, { commandId: "c-1" })), made)
      assert.strictEqual((yield* reopened.availability(["mug"], {}))[0]?.reserved, 3)
    })
  )

  it.effect("as that of a command that could not be repeated any more still gets its first answer", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const made = yield* engine.submit("reserve", cart("c", 100, { commandId: "c-1" }))
      yield* engine.submit("release", { reservation: "c" })
      const reopened = yield* makeEngine(door.journal, { sweep: false })
      assert.deepStrictEqual(yield* reopened.submit("reserve", cart("c", 100, { commandId: "c-1" })), made)
    })
  )
})

describe("the same command id and another body", () => {
  for (const [when, inOneBatch] of [
    ["in one batch", true],
    ["in a later batch", false]
  ] as const) {
    it.effect(`${when} is CommandIdReused, and says where the first one is`, () =>
      Effect.gen(function* () {
        const { door, engine } = yield* stocked()
        const gate = yield* door.closeForAppends
        const first = yield* start(engine, "reserve", cart("first"))
        yield* gate.arrived
        const mine = yield* start(engine, "receive", delivery)
        if (!inOneBatch) {
          yield* gate.open
          yield* Fiber.join(mine)
        }
        const other = yield* start(engine, "receive", { ...delivery, quantity: 6 })
        const same = yield* start(engine, "receive", delivery)
        yield* gate.open
        yield* Fiber.join(first)
        const receipt = yield* Fiber.join(mine)
        const failure = yield* Effect.flip(Fiber.join(other))
        assert.instanceOf(failure, CommandIdReused)
        assert.deepInclude({ ...failure }, { commandId: "po-17", position: receipt.position })
        assert.deepStrictEqual(yield* Fiber.join(same), receipt)
        assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 105)
      })
    )
  }

  it.effect("under another command's name, after reopening, is CommandIdReused too", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("receive", delivery)
      const reopened = yield* makeEngine(door.journal, { sweep: false })
      const failure = yield* Effect.flip(
        reopened.submit("issue", { sku: "mug", from: "LDN", quantity: 5, commandId: "po-17" })
      )
      assert.strictEqual(failure._tag, "CommandIdReused")
      const refused = yield* Effect.flip(reopened.submit("reserve", cart("big", 1_000, { commandId: "po-17" })))
      assert.strictEqual(refused._tag, "CommandIdReused")
    })
  )
})

describe("a refused command id", () => {
  it.effect("took no effect, so the same command is decided again when it has become possible", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const big = cart("big", 150, { commandId: "big" })
      assert.strictEqual((yield* Effect.flip(engine.submit("reserve", big)))._tag, "InsufficientStock")
      assert.strictEqual(yield* engine.outcome("big"), undefined)
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 50 })
      assert.strictEqual((yield* engine.submit("reserve", big)).reservation, "big")
      assert.strictEqual((yield* engine.outcome("big"))?.length, 1)
    })
  )
})

describe("a lost acknowledgement", () => {
  it.effect("is found by the command ids, and everybody in the batch gets the answer of what took effect", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = yield* Effect.forEach(["a", "b", "c"], (id) => start(engine, "reserve", cart(id, 2)))
      const greedy = yield* start(engine, "reserve", cart("greedy", 1_000))
      let losses = 0
      door.afterAppend = (append) =>
        append.events.length > 1 && losses++ === 0 ? Effect.fail(lostAnswer()) : Effect.void
      yield* gate.open
      yield* Fiber.join(first)
      yield* TestClock.adjust("1 second")
      const receipts = yield* Fiber.joinAll(fibers)
      assert.strictEqual(losses, 1)
      assert.deepStrictEqual(
        receipts.map((receipt) => receipt.position),
        [5, 6, 7]
      )
      assert.strictEqual(yield* tagOf(greedy), "InsufficientStock")
      assert.strictEqual((yield* engine.head).position, 7)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("of an append that never arrived is decided again, once", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      let losses = 0
      door.before = (call) => (call === "append" && losses++ === 0 ? Effect.fail(lostAnswer()) : Effect.void)
      const fiber = yield* start(engine, "receive", delivery)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).position, 4)
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 105)
    })
  )

  it.effect("whose outcome cannot be looked up in time is answered as unknown, with the id to repeat it with", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 1_000 })
      let lost = false
      door.before = () => (lost ? Effect.fail(outage()) : Effect.void)
      door.afterAppend = () => {
        lost = true
        return Effect.fail(lostAnswer())
      }
      const fiber = yield* start(engine, "receive", { sku: "mug", to: "LDN", quantity: 5 })
      yield* TestClock.adjust("5 seconds")
      const failure = yield* Effect.flip(Fiber.join(fiber))
      assert.instanceOf(failure, StorageUnavailable)
      assert.strictEqual(failure.outcome, "unknown")
      const { commandId } = failure
      assert.isString(commandId)
      lost = false
      door.afterAppend = () => Effect.void
      const receipt = yield* engine.submit("receive", {
        sku: "mug",
        to: "LDN",
        quantity: 5,
        commandId: commandId ?? ""
      })
      assert.strictEqual(receipt.position, 4)
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 105)
    })
  )
})

describe("a storage that fails", () => {
  it.effect("for a while is tried again until it works", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 10_000 })
      let away = true
      door.before = () => (away ? Effect.fail(outage()) : Effect.void)
      const fiber = yield* start(engine, "receive", delivery)
      yield* TestClock.adjust("5 seconds")
      away = false
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).position, 4)
    })
  )

  it.effect("longer than storagePatienceMs fails the commands, with nothing done and their ids", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 2_000 })
      door.before = () => Effect.fail(outage())
      const mine = yield* start(engine, "receive", delivery)
      const other = yield* start(engine, "reserve", cart("c"))
      yield* TestClock.adjust("1900 millis")
      assert.strictEqual(mine.pollUnsafe(), undefined)
      yield* TestClock.adjust("8 seconds")
      const failure = yield* Effect.flip(Fiber.join(mine))
      assert.deepInclude(
        { ...failure },
        { _tag: "StorageUnavailable", outcome: "not-applied", commandId: "po-17", retryable: true }
      )
      assert.include(failure.message, "nothing was done")
      assert.strictEqual(yield* tagOf(other), "StorageUnavailable")
      door.before = () => Effect.void
      assert.strictEqual((yield* engine.head).position, 3)
      assert.isTrue((yield* engine.verify()).ok)
      assert.strictEqual((yield* engine.submit("receive", delivery)).position, 4)
    })
  )

  it.effect("for good fails the commands at once", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      door.before = () => Effect.fail(outage(false))
      const failure = yield* Effect.flip(engine.submit("receive", delivery))
      assert.deepInclude(
        { ...failure },
        { _tag: "StorageUnavailable", outcome: "not-applied", retryable: false, commandId: "po-17" }
      )
    })
  )

  it.effect("after a commit never makes an accepted command look undone", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const mine = yield* start(engine, "receive", delivery)
      const refused = yield* start(engine, "reserve", cart("greedy", 1_000, { commandId: "greedy" }))
      const opened = door.before
      door.before = (call, append) => (call === "outcomes" ? Effect.fail(outage(false)) : opened(call, append))
      yield* gate.open
      yield* Fiber.join(first)
      const exit = yield* Fiber.await(mine)
      yield* Fiber.await(refused)
      door.before = () => Effect.void
      const tookEffect = (yield* engine.outcome("po-17")) !== undefined
      const failure = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
      if (failure?._tag === "StorageUnavailable" && failure.outcome === "not-applied") assert.isFalse(tookEffect)
      else if (failure === undefined) assert.isTrue(tookEffect)
      else assert.deepInclude({ ...failure }, { _tag: "StorageUnavailable", outcome: "unknown" })
    })
  )

  it.effect("without an answer at all is given up after storagePatienceMs, as unknown if a commit was under way", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 2_000 })
      door.before = (call) => (call === "append" ? Effect.never : Effect.void)
      const fiber = yield* start(engine, "receive", delivery)
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(fiber.pollUnsafe(), "the caller still waits")
      const failure = yield* Effect.flip(Fiber.join(fiber))
      assert.deepInclude({ ...failure }, { _tag: "StorageUnavailable", outcome: "unknown", commandId: "po-17" })
    })
  )
})

describe("two engines on one journal", () => {
  it.effect("decide again on what the other wrote: k units, exactly k winners", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.journal, { sweep: false })
      const fibers = yield* Effect.forEach(Array.from({ length: 160 }), (_, index) =>
        start(index % 2 === 0 ? engine : other, "reserve", cart(`r${index}`))
      )
      const tags = yield* Effect.forEach(fibers, tagOf)
      assert.strictEqual(tags.filter((tag) => tag === "accepted").length, 100)
      assert.strictEqual(tags.filter((tag) => tag === "InsufficientStock").length, 60)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("give one effect and one answer to one command id, submitted to both at once", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.journal, { sweep: false })
      for (let round = 0; round < 20; round++) {
        const command = { ...delivery, commandId: `po-${round}` }
        const [a, b] = yield* Effect.all([start(engine, "receive", command), start(other, "receive", command)])
        assert.deepStrictEqual(yield* Fiber.join(a), yield* Fiber.join(b))
      }
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 200)
    })
  )

  it.effect("refuse only on what is true now: what the other made possible is not refused", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.journal, { sweep: false })
      yield* engine.submit("reserve", cart("all", 100))
      assert.strictEqual((yield* Effect.flip(engine.submit("reserve", cart("b"))))._tag, "InsufficientStock")
      yield* other.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      assert.strictEqual((yield* engine.submit("reserve", cart("b"))).reservation, "b")
      yield* other.submit("registerSku", { id: "cup" })
      yield* engine.submit("receive", { sku: "cup", to: "LDN", quantity: 1 })
    })
  )
})
