/** One batch is in flight per log; the next grows while it waits. */
import { assert, describe, it } from "@effect/vitest"
import { type Engine, makeEngine } from "@holdfast/core/engine"
import { Cause, Effect, Exit, Fiber } from "effect"
import { cart, start, stocked, tagOf } from "./support.ts"

const reserveMany = (engine: Engine, ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => start(engine, "reserve", cart(id, 1, { commandId: id })))

describe("batches", () => {
  it.effect("an idle engine commits one command at once, by itself", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("warm"))
      door.takeCalls()
      yield* engine.submit("reserve", cart("a"))
      assert.deepStrictEqual(
        door.takeCalls().filter((call) => call === "append"),
        ["append"]
      )
      assert.strictEqual(door.appends.at(-1)?.events.length, 1)
    })
  )

  it.effect("a single caller pays one call of the journal per command, once its rows are known", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      door.takeCalls()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      assert.deepStrictEqual(door.takeCalls(), ["append"])
    })
  )

  it.effect("what is submitted while a batch is in flight goes into the next one, all of it", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first", 1, { commandId: "first" }))
      yield* gate.arrived
      const others = Array.from({ length: 64 }, (_, index) => `r${index}`)
      const fibers = yield* reserveMany(engine, others)
      yield* gate.open
      yield* Fiber.joinAll([first, ...fibers])
      assert.deepStrictEqual(door.batches(), [["first"], others])
    })
  )

  it.effect("a batch is cut at batchMax", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ batchMax: 10 })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = yield* reserveMany(
        engine,
        Array.from({ length: 25 }, (_, index) => `r${index}`)
      )
      yield* gate.open
      yield* Fiber.joinAll([first, ...fibers])
      assert.deepStrictEqual(
        door.batches().map((batch) => batch.length),
        [1, 10, 10, 5]
      )
    })
  )

  it.effect("a batch is cut where its commands would touch too many rows", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 100_000 })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const lines = Array.from({ length: 5_000 }, () => ({ sku: "mug", quantity: 1 }))
      const fibers = yield* Effect.forEach(Array.from({ length: 7 }), (_, index) =>
        start(engine, "reserve", cart(`big-${index}`, 1, { lines, commandId: `big-${index}` }))
      )
      yield* gate.open
      yield* Fiber.joinAll([first, ...fibers])
      const sizes = door
        .batches()
        .slice(-3)
        .map((batch) => batch.length)
      assert.isAbove(door.batches().length, 2)
      assert.isTrue(
        sizes.every((size) => size * 5_001 <= 20_000 + 5_001),
        `batches of ${sizes.join(", ")}`
      )
    })
  )

  it.effect("a command too heavy for any batch still gets one of its own", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 5_000 })
      const lines = Array.from({ length: 5_000 }, () => ({ sku: "mug", quantity: 1 }))
      const receipt = yield* engine.submit("reserve", cart("big", 1, { lines }))
      assert.strictEqual(receipt.lines.length, 5_000)
    })
  )

  it.effect("commands take effect in the order they were submitted in, across batches", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked({ batchMax: 7 })
      const fibers = []
      for (let round = 0; round < 30; round++) {
        fibers.push(yield* start(engine, "reserve", cart(`r${round}`)))
        fibers.push(yield* start(engine, "confirm", { reservation: `r${round}` }))
        fibers.push(yield* start(engine, "ship", { reservation: `r${round}` }))
      }
      const receipts = yield* Effect.forEach(fibers, (fiber) =>
        Fiber.join(fiber as Fiber.Fiber<{ readonly position: number }, Error>)
      )
      const positions = receipts.map((receipt) => receipt.position)
      assert.deepStrictEqual(
        positions,
        [...positions].sort((a, b) => a - b)
      )
      const [availability] = yield* engine.availability(["mug"], {})
      assert.strictEqual(availability?.onHand, 70)
    })
  )
})

describe("neighbours in a batch", () => {
  it.effect("a refused command leaves no trace and does not disturb the others", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = []
      for (let index = 0; index < 30; index++) {
        fibers.push(yield* start(engine, "reserve", cart(`ok-${index}`)))
        fibers.push(yield* start(engine, "reserve", cart(`greedy-${index}`, 1_000)))
        fibers.push(
          yield* start(engine, "reserve", {
            ...cart(`ghost-${index}`),
            lines: [
              { sku: "mug", quantity: 1 },
              { sku: "ghost", quantity: 1 }
            ]
          })
        )
      }
      yield* gate.open
      yield* Fiber.join(first)
      const tags = yield* Effect.forEach(fibers, tagOf)
      assert.deepStrictEqual([...new Set(tags.filter((_, index) => index % 3 === 0))], ["accepted"])
      assert.deepStrictEqual([...new Set(tags.filter((_, index) => index % 3 === 1))], ["InsufficientStock"])
      assert.deepStrictEqual([...new Set(tags.filter((_, index) => index % 3 === 2))], ["UnknownSku"])
      const [availability] = yield* engine.availability(["mug"], {})
      assert.strictEqual(availability?.reserved, 31)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("a defect that one command causes is answered to that command alone", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const opened = door.before
      door.before = (call, append) =>
        append?.events.some((event) => event.commandId === "poison") === true
          ? Effect.die(new Error("poison"))
          : opened(call, append)
      const fibers = yield* reserveMany(engine, ["a", "b", "poison", "c", "d"])
      yield* gate.open
      yield* Fiber.join(first)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, true, false, true, true])
      const poisoned = exits[2]
      assert.isTrue(poisoned !== undefined && Exit.isFailure(poisoned) && Cause.hasDies(poisoned.cause))
      const [availability] = yield* engine.availability(["mug"], {})
      assert.strictEqual(availability?.reserved, 5)
      assert.strictEqual(yield* tagOf(yield* start(engine, "reserve", cart("after"))), "accepted")
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("a damaged row breaks the command that needs it and no other", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("damaged"))
      const again = yield* makeEngine(door.journal, { sweep: false })
      const gate = yield* door.closeForAppends
      const first = yield* start(again, "reserve", cart("first"))
      yield* gate.arrived
      door.afterLoad = (loaded) => ({
        ...loaded,
        rows: loaded.rows.map((rows) => rows.map((row) => (row["id"] === "damaged" ? { ...row, lines: [null] } : row)))
      })
      const broken = yield* start(again, "release", { reservation: "damaged" })
      const fine = yield* start(again, "reserve", cart("fine"))
      yield* gate.open
      yield* Fiber.join(first)
      const exit = yield* Fiber.await(broken)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.strictEqual(yield* tagOf(fine), "accepted")
    })
  )
})
