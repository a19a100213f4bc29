/** Questions: bounded cost, answers that add up, history, and following the log. */
import { assert, describe, it } from "@effect/vitest"
import { decodeEvent, type Event, isRefusal, availability } from "@holdfast/core/domain"
import { type Engine, makeEngine } from "@holdfast/core/engine"
import { LogGap } from "@holdfast/core/ports"
import { DomainRun, openingSteps, seeded, smallWorld, type Step, stepLists } from "@holdfast/testkit/model"
import { Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { cart, Door, makeDoor, stocked } from "./support.ts"

/** Runs a step whatever comes of it, at its own time. */
const runStep = (engine: Engine, step: Step) =>
  Effect.andThen(TestClock.setTime(step.now), Effect.exit(engine.submit(step.name, step.input as never)))

describe("availability", () => {
  it.effect("costs the same number of calls for 1 SKU, 1,000 SKUs and a tree 16 deep", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const ids = Array.from({ length: 1_000 }, (_, index) => `sku-${index}`)
      yield* Effect.forEach(ids, (id) => engine.submit("registerSku", { id }), {
        concurrency: "unbounded",
        discard: true
      })
      let parent = "LDN"
      for (let depth = 2; depth < 16; depth++) {
        const id = `zone-${depth}`
        yield* engine.submit("registerLocation", { id, kind: "zone", parent })
        parent = id
      }
      yield* Effect.forEach(ids, (sku) => engine.submit("receive", { sku, to: parent, quantity: 1 }), {
        concurrency: "unbounded",
        discard: true
      })
      const cost = Effect.fnUntraced(function* (skus: ReadonlyArray<string>, scope: { readonly within?: string }) {
        door.takeCalls()
        const rows = yield* engine.availability(skus, scope)
        assert.strictEqual(rows.length, skus.length)
        return door.takeCalls().length
      })
      const cheapest = yield* cost(["sku-1"], {})
      assert.isAtMost(cheapest, 3)
      assert.isAtMost(yield* cost(ids, {}), cheapest + 1)
      assert.isAtMost(yield* cost(ids, { within: parent }), cheapest + 2)
      assert.strictEqual((yield* engine.availability(["sku-7"], { exactly: parent }))[0]?.available, 1)
    })
  )

  it.effect("answers in the order asked, duplicates included, all as of the head", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("registerSku", { id: "cup" })
      const rows = yield* engine.availability(["cup", "mug", "cup"], { within: "LDN" })
      assert.deepStrictEqual(
        rows.map(({ sku }) => sku),
        ["cup", "mug", "cup"]
      )
      assert.deepStrictEqual([...new Set(rows.map(({ position }) => position))], [4])
      assert.deepStrictEqual(yield* engine.availability([], {}), [])
    })
  )

  it.effect("of what is unknown is a refusal that names it", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      assert.deepInclude(
        { ...(yield* Effect.flip(engine.availability(["mug", "ghost"], {}))) },
        { _tag: "UnknownSku", sku: "ghost" }
      )
      assert.deepInclude(
        { ...(yield* Effect.flip(engine.availability(["mug"], { within: "X" }))) },
        { _tag: "UnknownLocation", location: "X" }
      )
      assert.deepInclude(
        { ...(yield* Effect.flip(engine.availability(["mug"], { within: "supplier" }))) },
        {
          _tag: "WrongKindOfLocation",
          location: "supplier"
        }
      )
    })
  )
})

const scopes = [
  {},
  ...["country", "north", "shelves", "bin-1", "south"].flatMap((place) => [{ within: place }, { exactly: place }])
]

describe("explain", () => {
  it.effect("names the movement behind a position, however many claims came and went since", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      for (let index = 0; index < 600; index++) {
        yield* engine.submit("reserve", cart(`r${index}`))
        yield* engine.submit("release", { reservation: `r${index}` })
      }
      const [onHand] = (yield* engine.explain("mug", {})).terms
      assert.deepStrictEqual(
        onHand?.because.map(({ quantity, positions }) => ({ quantity, positions })),
        [{ quantity: 100, positions: [3] }]
      )
    })
  )

  it("adds up in random states: terms to available, reasons to terms, and events behind them are about the SKU", async () => {
    await fc.assert(
      fc.asyncProperty(stepLists({ maxLength: 40 }), (steps) =>
        Effect.gen(function* () {
          const door = yield* makeDoor
          const engine = yield* makeEngine(door.journal, { sweep: false })
          const run = new DomainRun()
          for (const step of steps) {
            yield* runStep(engine, step)
            run.run(step)
          }
          const log = yield* door.inner.read("default", 0, Number.MAX_SAFE_INTEGER)
          for (const sku of smallWorld.skus) {
            for (const scope of scopes) {
              const explanation = yield* engine.explain(sku, scope)
              const where = `${sku} ${JSON.stringify(scope)}`
              const expected = availability(run.world, sku, scope, run.position)
              assert.isFalse(isRefusal(expected))
              const { terms, ...figures } = explanation
              assert.deepStrictEqual(figures, expected, where)
              assert.strictEqual(
                terms.reduce((sum, { quantity }) => sum + quantity, 0),
                explanation.available,
                where
              )
              for (const { term, quantity, because } of terms) {
                const sum = because.reduce((total, reason) => total + reason.quantity, 0)
                if (["onHand", "held", "reserved", "allocated"].includes(term)) {
                  assert.strictEqual(sum, Math.abs(quantity), `${term} of ${where}: ${JSON.stringify(because)}`)
                }
                for (const { text, positions } of because) {
                  for (const position of positions) {
                    const event = log[position - 1]
                    const { id = "", reservation = "" } = (event?.data ?? {}) as { id?: string; reservation?: string }
                    const isAbout =
                      event?.skus.includes(sku) === true || text.startsWith(`reservation ${id || reservation} of `)
                    assert.isTrue(isAbout, `event ${position} behind ${term} of ${where}`)
                  }
                }
                if (term === "onHand") for (const reason of because) assert.isNotEmpty(reason.positions, reason.text)
              }
            }
          }
        }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)
      ),
      seeded(25)
    )
  })

  it.effect("is of one position, though others write while it looks", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.inner, { sweep: false })
      yield* engine.submit("reserve", cart("c", 7))
      let wrote = false
      door.before = (call) =>
        call === "history" && !wrote
          ? Effect.suspend(() => {
              wrote = true
              return Effect.asVoid(Effect.orDie(other.submit("release", { reservation: "c" })))
            })
          : Effect.void
      const explanation = yield* engine.explain("mug", {})
      assert.isTrue(wrote)
      const reserved = explanation.terms.find(({ term }) => term === "reserved")
      assert.strictEqual(
        reserved?.because.reduce((sum, { quantity }) => sum + quantity, 0),
        explanation.reserved
      )
    })
  )
})

describe("history", () => {
  it.effect("pages back through a SKU's events, newest first, without gaps or repetitions", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      for (let round = 0; round < 25; round++) yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      yield* engine.submit("registerSku", { id: "cup" })
      const all: Array<Event> = []
      for (let before = Number.MAX_SAFE_INTEGER; ; ) {
        const page = yield* engine.history("mug", before, 10)
        if (page.length === 0) break
        assert.isAtMost(page.length, 10)
        all.push(...page)
        before = page.at(-1)?.position ?? 0
      }
      assert.deepStrictEqual(
        all.map(({ position }) => position),
        Array.from({ length: 27 }, (_, index) => 28 - index)
      )
      assert.isTrue(all.every(({ skus }) => skus.includes("mug")))
      assert.deepStrictEqual(yield* engine.history("ghost", Number.MAX_SAFE_INTEGER, 10), [])
    })
  )

  it.effect("of a reservation is its whole life, oldest first, with who and why", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 2, { actor: "shop", reference: "order-1", correlationId: "x" }))
      yield* engine.submit("extend", { reservation: "c", expiresIn: "2 hours" })
      yield* engine.submit("confirm", { reservation: "c" })
      yield* engine.submit("ship", { reservation: "c" })
      const events = yield* engine.reservationHistory("c")
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["ReservationMade", "ReservationExtended", "ReservationConfirmed", "ReservationShipped"]
      )
      assert.deepStrictEqual(events[0]?.meta, { actor: "shop", reference: "order-1", correlationId: "x" })
      assert.deepStrictEqual(yield* engine.reservationHistory("ghost"), [])
      assert.strictEqual(yield* engine.reservation("ghost"), undefined)
    })
  )

  it.effect("outcome tells what a command id led to, and head where the log stands", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const receipt = yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1, commandId: "po" })
      assert.deepStrictEqual(
        (yield* engine.outcome("po"))?.map(({ position }) => position),
        [receipt.position]
      )
      assert.strictEqual(yield* engine.outcome("other"), undefined)
      assert.deepStrictEqual(yield* engine.head, { position: receipt.position, recordedAt: receipt.recordedAt })
    })
  )

  it.effect("no surface passes on what is not part of an event", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 1, { commandId: "c" }))
      const fields = [
        "commandId",
        "commandPosition",
        "data",
        "effectiveAt",
        "meta",
        "position",
        "recordedAt",
        "skus",
        "type",
        "version"
      ]
      const surfaces = [
        yield* engine.history("mug", Number.MAX_SAFE_INTEGER, 10),
        yield* engine.reservationHistory("c"),
        (yield* engine.outcome("c")) ?? [],
        yield* Stream.runCollect(engine.subscribe({ untilHead: true }))
      ]
      for (const events of surfaces) {
        assert.isNotEmpty(events)
        for (const event of events) assert.deepStrictEqual(Object.keys(event).sort(), fields)
      }
    })
  )

  it.effect("an event of a version that is newer than the code is an alarm on every surface", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 1, { commandId: "c" }))
      yield* engine.close
      const newer = <E extends Event>(event: E): E => ({ ...event, version: 99 })
      const { inner } = door
      const future = new Door({
        ...inner,
        read: (log, after, limit) => Effect.map(inner.read(log, after, limit), (events) => events.map(newer)),
        history: (log, sku, before, limit) =>
          Effect.map(inner.history(log, sku, before, limit), (events) => events.map(newer)),
        eventsAt: (log, positions) => Effect.map(inner.eventsAt(log, positions), (events) => events.map(newer)),
        outcomes: (log, ids) =>
          Effect.map(inner.outcomes(log, ids), ({ head, outcomes }) => ({
            head,
            outcomes: new Map(
              [...outcomes].map(([id, outcome]) => [id, { ...outcome, events: outcome.events.map(newer) }])
            )
          }))
      })
      const reader = yield* makeEngine(future.journal, { sweep: false })
      const surfaces: Record<string, Effect.Effect<unknown, unknown>> = {
        history: reader.history("mug", Number.MAX_SAFE_INTEGER, 10),
        reservationHistory: reader.reservationHistory("c"),
        outcome: reader.outcome("c"),
        subscribe: Stream.runCollect(reader.subscribe({ untilHead: true })),
        repeated: reader.submit("reserve", cart("c", 1, { commandId: "c" }))
      }
      for (const [name, surface] of Object.entries(surfaces)) {
        const exit = yield* Effect.exit(surface)
        assert.isTrue(Exit.isFailure(exit), name)
        assert.include(String(Exit.isFailure(exit) ? exit.cause : ""), "newer than this version", name)
      }
      assert.throws(
        () => decodeEvent({ type: "SkuRetired", version: 2, data: { id: "mug" } }),
        "newer than this version"
      )
    })
  )
})

describe("subscribing", () => {
  it.effect("delivers contiguous events from any position, over pages, and ends at the head when asked to", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      for (let round = 0; round < 20; round++) yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      for (const from of [1, 2, 10, 23, 24]) {
        for (const pageSize of [1, 7, 500]) {
          const events = yield* Stream.runCollect(engine.subscribe({ from, pageSize, untilHead: true }))
          assert.deepStrictEqual(
            events.map(({ position }) => position),
            Array.from({ length: 24 - from }, (_, index) => from + index)
          )
        }
      }
    })
  )

  it.effect("wakes on an append of this process without waiting for the poll, and on others' at the poll", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.journal, { sweep: false })
      const seen: Array<number> = []
      const following = yield* Effect.forkChild(
        Stream.runForEach(engine.subscribe({ from: 4, pollMs: 60_000 }), ({ position }) =>
          Effect.sync(() => seen.push(position))
        ),
        { startImmediately: true }
      )
      yield* TestClock.adjust(0)
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen, [4])
      yield* other.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(seen, [4])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(seen, [4, 5])
      yield* Fiber.interrupt(following)
    })
  )

  it.effect("misses nothing that is written while it reads", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const following = yield* Effect.forkChild(
        Stream.runCollect(Stream.take(engine.subscribe({ pageSize: 3, pollMs: 1_000 }), 203)),
        { startImmediately: true }
      )
      for (let round = 0; round < 200; round++) yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      yield* TestClock.adjust("5 seconds")
      const events = yield* Fiber.join(following)
      assert.deepStrictEqual(
        events.map(({ position }) => position),
        Array.from({ length: 203 }, (_, index) => index + 1)
      )
    })
  )

  it.effect("fails with LogGap, and the two positions, on a journal that skips an event", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.close
      const { inner } = door
      const skipping = new Door({
        ...inner,
        read: (log, after, limit) =>
          Effect.map(inner.read(log, after, limit), (events) => events.filter(({ position }) => position !== 2))
      })
      const reader = yield* makeEngine(skipping.journal, { sweep: false })
      const failure = yield* Effect.flip(Stream.runCollect(reader.subscribe({ untilHead: true })))
      assert.instanceOf(failure, LogGap)
      assert.deepInclude({ ...failure }, { expected: 2, got: 3 })
    })
  )
})

describe("the opening of the test world", () => {
  it.effect("is accepted by an engine, so that the properties above look at something", () =>
    Effect.gen(function* () {
      const door = yield* makeDoor
      const engine = yield* makeEngine(door.journal, { sweep: false })
      for (const step of openingSteps) assert.isTrue(Exit.isSuccess(yield* runStep(engine, step)), step.name)
    })
  )
})
