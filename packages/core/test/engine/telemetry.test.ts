/** "Why did this take 45 seconds" has to be answerable from spans and metrics alone. */
import { assert, describe, it } from "@effect/vitest"
import { makeEngine, Telemetry } from "@holdfast/core/engine"
import { Context, Effect, Fiber, Metric, type Tracer } from "effect"
import { TestClock } from "effect/testing"
import { cart, keepingTracer, lostAnswer, outage, start, stocked, withTracer } from "./support.ts"

const durationMs = (span: Tracer.Span | undefined): number =>
  span?.status._tag === "Ended" ? Number(span.status.endTime - span.status.startTime) / 1e6 : Number.NaN

const childrenOf = (spans: ReadonlyArray<Tracer.Span>, parent: Tracer.Span | undefined) =>
  spans.filter((span) => span.parent._tag === "Some" && span.parent.value.spanId === parent?.spanId)

describe("spans", () => {
  it.effect(
    "each command has one, which links to its batch's, which links back and has load, decide and commit as children",
    () => {
      const { tracer, spans } = keepingTracer()
      return Effect.gen(function* () {
        const { door, engine } = yield* stocked()
        const gate = yield* door.closeForAppends
        const first = yield* start(engine, "reserve", cart("first"))
        yield* gate.arrived
        spans.length = 0
        const fibers = [
          yield* start(engine, "reserve", cart("a")),
          yield* start(engine, "confirm", { reservation: "a" })
        ]
        yield* gate.open
        yield* Fiber.join(first)
        yield* Effect.forEach(fibers, (fiber) => Fiber.await(fiber as Fiber.Fiber<unknown, unknown>))
        yield* engine.close
        const batch = spans.find((span) => span.name === "holdfast.batch")
        const reserve = spans.find((span) => span.name === "holdfast.reserve")
        const confirm = spans.find((span) => span.name === "holdfast.confirm")
        assert.strictEqual(batch?.attributes.get("holdfast.batch.size"), 2)
        assert.strictEqual(batch?.attributes.get("holdfast.log"), "default")
        assert.strictEqual(batch?.attributes.get("holdfast.batch.attempts"), 1)
        assert.strictEqual(batch?.parent._tag, "None")
        for (const command of [reserve, confirm]) {
          assert.deepStrictEqual(
            command?.links.map((link) => link.span.spanId),
            [batch?.spanId]
          )
          assert.strictEqual(command?.attributes.get("holdfast.tenant"), "default")
          assert.isNumber(command?.attributes.get("holdfast.waited_ms"))
          assert.strictEqual(command?.status._tag, "Ended")
        }
        assert.deepStrictEqual(
          batch?.links.map((link) => link.span.spanId),
          [reserve?.spanId, confirm?.spanId]
        )
        // It was loaded and decided as it grew.
        const children = childrenOf(spans, batch).map((span) => span.name)
        assert.deepStrictEqual([...new Set(children)], ["holdfast.load", "holdfast.decide", "holdfast.commit"])
        assert.strictEqual(children.filter((name) => name === "holdfast.commit").length, 1)
        assert.strictEqual(childrenOf(spans, batch).at(-1)?.attributes.get("holdfast.events"), 2)
      }).pipe((effect) => withTracer(effect, tracer))
    }
  )

  it.effect("a command that waited 45 seconds points at the slow commit, behind it or of its own", () => {
    const { tracer, spans } = keepingTracer()
    return Effect.gen(function* () {
      const { door, engine } = yield* stocked({ storagePatienceMs: 60_000 })
      door.before = (call) => (call === "append" ? Effect.sleep("45 seconds") : Effect.void)
      spans.length = 0
      const own = yield* start(engine, "reserve", cart("own"))
      yield* TestClock.adjust("1 second")
      door.before = () => Effect.void
      const behind = yield* start(engine, "reserve", cart("behind"))
      yield* TestClock.adjust("44 seconds")
      yield* Fiber.join(own)
      yield* Fiber.join(behind)
      const [first, second] = spans.filter((span) => span.name === "holdfast.reserve")
      const batchOf = (span: Tracer.Span | undefined) =>
        spans.find((other) => other.spanId === span?.links[0]?.span.spanId)
      const commitOf = (span: Tracer.Span | undefined) =>
        childrenOf(spans, batchOf(span)).find((child) => child.name === "holdfast.commit")
      assert.strictEqual(first?.attributes.get("holdfast.waited_ms"), 45_000)
      assert.strictEqual(durationMs(commitOf(first)), 45_000)
      assert.strictEqual(second?.attributes.get("holdfast.waited_ms"), 44_000)
      assert.strictEqual(durationMs(commitOf(second)), 0)
      const wait = childrenOf(spans, batchOf(second)).find((child) => child.name === "holdfast.wait")
      assert.strictEqual(durationMs(wait), 44_000)
      assert.strictEqual(wait?.links[0]?.span.spanId, batchOf(first)?.spanId)
    }).pipe((effect) => withTracer(effect, tracer))
  })

  it.effect("a batch that had to be attempted again says why and how often", () => {
    const { tracer, spans } = keepingTracer()
    return Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      let failures = 2
      door.before = (call) => (call === "append" && failures-- > 0 ? Effect.fail(outage()) : Effect.void)
      spans.length = 0
      const fiber = yield* start(engine, "reserve", cart("a"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      yield* engine.close
      const batch = spans.find((span) => span.name === "holdfast.batch")
      assert.strictEqual(batch?.attributes.get("holdfast.batch.attempts"), 3)
      assert.deepStrictEqual(
        batch?.events.map(([name, , attributes]) => [name, attributes["reason"]]),
        Array(2).fill(["holdfast.attempt.failed", "StorageUnavailable"])
      )
    }).pipe((effect) => withTracer(effect, tracer))
  })

  it.effect("of commands can be switched off; those of batches stay", () => {
    const { tracer, spans } = keepingTracer()
    return Effect.gen(function* () {
      const { engine } = yield* stocked({ commandSpans: false })
      yield* engine.submit("reserve", cart("a"))
      assert.notInclude(
        spans.map((span) => span.name),
        "holdfast.reserve"
      )
      assert.include(
        spans.map((span) => span.name),
        "holdfast.batch"
      )
    }).pipe((effect) => withTracer(effect, tracer))
  })

  it.effect("a refused command's span fails, so that it can be found", () => {
    const { tracer, spans } = keepingTracer()
    return Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* Effect.flip(engine.submit("reserve", cart("a", 1_000)))
      const status = spans.find((span) => span.name === "holdfast.reserve")?.status
      assert.strictEqual(status?._tag === "Ended" ? status.exit._tag : undefined, "Failure")
    }).pipe((effect) => withTracer(effect, tracer))
  })
})

/** Figures of this test alone: metrics live in a registry, and a registry can be provided. */
const ownMetrics = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideContext(effect, Context.make(Metric.MetricRegistry, new Map())) as Effect.Effect<A, E, R>

const counted = (metric: Metric.Counter<number>, attributes: Record<string, string> = {}) =>
  Effect.map(Metric.value(Metric.withAttributes(metric, attributes)), ({ count }) => count)

describe("metrics", () => {
  it.effect("count commands by outcome and refusals by tag, repetitions of remembered commands included", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("a", 1, { commandId: "a" }))
      yield* engine.submit("reserve", cart("a", 1, { commandId: "a" }))
      yield* Effect.flip(engine.submit("reserve", cart("b", 2, { commandId: "a" })))
      yield* Effect.flip(engine.submit("reserve", cart("greedy", 1_000)))
      yield* engine.close
      assert.strictEqual(yield* counted(Telemetry.commands, { outcome: "accepted" }), 4)
      assert.strictEqual(yield* counted(Telemetry.commands, { outcome: "refused" }), 1)
      assert.strictEqual(yield* counted(Telemetry.commands, { outcome: "repeated" }), 2)
      assert.strictEqual(yield* counted(Telemetry.refusals, { refusal: "InsufficientStock" }), 1)
      assert.strictEqual(yield* counted(Telemetry.refusals, { refusal: "CommandIdReused" }), 1)
    }).pipe(ownMetrics)
  )

  it.effect("tell batch sizes, commits, conflicts, storage failures and expiries", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const other = yield* makeEngine(door.journal, { sweep: false })
      yield* engine.submit("reserve", cart("a"))
      yield* other.submit("reserve", cart("b"))
      yield* engine.submit("reserve", cart("c", 1, { expiresIn: 1_000 }))
      assert.isAtLeast(yield* counted(Telemetry.conflicts), 1)
      let failures = 1
      door.afterAppend = () => (failures-- > 0 ? Effect.fail(lostAnswer()) : Effect.void)
      const fiber = yield* start(engine, "reserve", cart("d"))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      yield* engine.submit("reserve", cart("e"))
      yield* engine.close
      yield* other.close
      assert.strictEqual(yield* counted(Telemetry.storageFailures), 1)
      assert.strictEqual(yield* counted(Telemetry.expiries), 1)
      assert.strictEqual((yield* Metric.value(Telemetry.batchSize)).count, 8)
      assert.isAtLeast((yield* Metric.value(Telemetry.commitMs)).count, 7)
    }).pipe(ownMetrics)
  )

  it.effect("show how many commands wait while a batch is in flight", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked({ batchMax: 4 })
      const gate = yield* door.closeForAppends
      const first = yield* start(engine, "reserve", cart("first"))
      yield* gate.arrived
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), (_, index) =>
        start(engine, "reserve", cart(`r${index}`))
      )
      assert.strictEqual((yield* Metric.value(Telemetry.queueDepth)).value, 10)
      yield* gate.open
      yield* Fiber.joinAll([first, ...fibers])
      yield* engine.close
      assert.strictEqual((yield* Metric.value(Telemetry.queueDepth)).value, 0)
    }).pipe(ownMetrics)
  )
})
