/** Law 7 in the engine: expiry is exact, with the sweeper stopped and the clock stepping back. */
import { assert, describe, it } from "@effect/vitest"
import { type Engine, makeEngine } from "@holdfast/core/engine"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cart, start, stocked, tagOf } from "./support.ts"

const startMs = 1_700_000_000_000

const available = (engine: Engine) => Effect.map(engine.availability(["mug"], {}), ([row]) => row?.available)

describe("now", () => {
  it.effect("never runs backwards within a log, in one engine or the next, when the clock steps back", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { door, engine } = yield* stocked()
      yield* TestClock.setTime(startMs - 3_600_000)
      const receipt = yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
      assert.strictEqual(receipt.recordedAt, startMs)
      const next = yield* makeEngine(door.journal, { sweep: false })
      assert.strictEqual((yield* next.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })).recordedAt, startMs)
      yield* TestClock.setTime(startMs + 5)
      assert.strictEqual(
        (yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })).recordedAt,
        startMs + 5
      )
    })
  )

  it.effect("is one instant for all commands of a batch, and effectiveAt is the caller's own", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1, effectiveAt: "2020-01-01T00:00:00Z" })
      const [event] = yield* engine.history("mug", Number.MAX_SAFE_INTEGER, 1)
      assert.deepInclude({ ...event }, { effectiveAt: Date.UTC(2020, 0, 1), recordedAt: startMs })
    })
  )
})

for (const sweep of [false, true]) {
  describe(`expiry with the sweeper ${sweep ? "running" : "stopped"}`, () => {
    it.effect("is exact: one millisecond before, the claim stands; at the instant it is gone", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(startMs)
        const { engine } = yield* stocked({ sweep })
        yield* engine.submit("reserve", cart("all", 100, { expiresIn: 10_000 }))
        yield* TestClock.setTime(startMs + 9_999)
        assert.strictEqual(yield* available(engine), 0)
        assert.strictEqual((yield* Effect.flip(engine.submit("reserve", cart("b"))))._tag, "InsufficientStock")
        yield* TestClock.setTime(startMs + 10_000)
        assert.strictEqual(yield* available(engine), 100)
        const failure = yield* Effect.flip(engine.submit("confirm", { reservation: "all" }))
        assert.deepInclude(
          { ...failure },
          { _tag: "ReservationExpired", reservation: "all", expiredAt: startMs + 10_000 }
        )
        assert.strictEqual((yield* engine.submit("reserve", cart("b", 100))).reservation, "b")
      })
    )
  })
}

describe("reads before the sweep", () => {
  it.effect("show the claim expired on every surface, though nothing is recorded yet", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 40, { expiresIn: 10_000 }))
      const head = yield* engine.head
      yield* TestClock.setTime(startMs + 10_000)
      assert.strictEqual((yield* engine.reservation("c"))?.status, "expired")
      assert.strictEqual((yield* engine.reservation("c"))?.lines[0]?.expired, 40)
      assert.strictEqual(yield* available(engine), 100)
      const explanation = yield* engine.explain("mug", {})
      assert.strictEqual(explanation.available, 100)
      assert.deepStrictEqual(explanation.terms.find(({ term }) => term === "reserved")?.because, [])
      assert.deepStrictEqual(yield* engine.head, head)
    })
  )

  it.effect("do not bring it back when the clock steps back", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 40, { expiresIn: 10_000 }))
      yield* TestClock.setTime(startMs + 10_000)
      assert.strictEqual(yield* available(engine), 100)
      yield* TestClock.setTime(startMs)
      assert.strictEqual(yield* available(engine), 100)
      assert.strictEqual(
        (yield* Effect.flip(engine.submit("confirm", { reservation: "c" })))._tag,
        "ReservationExpired"
      )
    })
  )
})

describe("the sweeper", () => {
  it.effect("records what expired, once, as of its instant, though nobody submits anything", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked({ sweep: true })
      yield* engine.submit("reserve", cart("c", 40, { expiresIn: 10_000 }))
      const { position } = yield* engine.head
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual((yield* engine.head).position, position)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* engine.head).position, position + 1)
      const events = yield* engine.reservationHistory("c")
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["ReservationMade", "ReservationExpired"]
      )
      assert.deepInclude(events[1]?.data as object, { id: "c", expiredAt: startMs + 10_000 })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* engine.head).position, position + 1)
    })
  )

  it.effect("finds what expired while nothing was running, and what other engines claimed", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 40, { expiresIn: 10_000 }))
      yield* TestClock.adjust("1 hour")
      const sweeping = yield* makeEngine(door.journal)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* sweeping.reservationHistory("c")).length, 2)
      yield* engine.submit("reserve", cart("d", 40, { expiresIn: 10_000 }))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* sweeping.reservationHistory("d")).length, 2)
    })
  )

  it.effect("records thousands of expiries in batches, and a command meanwhile sees all of them", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1_400 })
      yield* Effect.forEach(
        Array.from({ length: 1_500 }),
        (_, index) => engine.submit("reserve", cart(`r${index}`, 1, { expiresIn: 10_000 })),
        { concurrency: "unbounded", discard: true }
      )
      yield* TestClock.setTime(startMs + 10_000)
      assert.strictEqual((yield* engine.submit("reserve", cart("all", 1_500))).lines[0]?.reserved, 1_500)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )
})

describe("extending", () => {
  it.effect("works up to the cap and no further, and moves the instant", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      const { engine } = yield* stocked()
      yield* engine.submit("reserve", cart("c", 100, { expiresIn: 10_000, extendableFor: 60_000 }))
      yield* TestClock.setTime(startMs + 9_999)
      assert.strictEqual(
        (yield* engine.submit("extend", { reservation: "c", expiresAt: startMs + 60_000 })).expiresAt,
        startMs + 60_000
      )
      assert.deepInclude(
        { ...(yield* Effect.flip(engine.submit("extend", { reservation: "c", expiresAt: startMs + 60_001 }))) },
        {
          _tag: "ExpiryBeyondCap",
          extendableUntil: startMs + 60_000
        }
      )
      yield* TestClock.setTime(startMs + 59_999)
      assert.strictEqual(yield* available(engine), 0)
      yield* TestClock.setTime(startMs + 60_000)
      assert.strictEqual(yield* available(engine), 100)
    })
  )
})

describe("more expired claims than one commit records", () => {
  const crowd = Array.from({ length: 1_200 }, (_, index) => `r${index}`)

  const crowded = Effect.gen(function* () {
    const { door, engine } = yield* stocked()
    yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1_100 })
    yield* Effect.forEach(crowd, (id) => engine.submit("reserve", { ...cart(id), expiresIn: 1_000 }), {
      concurrency: "unbounded"
    })
    yield* TestClock.adjust(1_000)
    return { door, engine }
  })

  it.effect("all count as dead for the next command, also while the first of them are being recorded", () =>
    Effect.gen(function* () {
      const { engine } = yield* crowded
      const early = yield* start(engine, "receive", { sku: "mug", to: "LDN", quantity: 1 })
      assert.strictEqual((yield* engine.submit("reserve", cart("all", 1_200))).reservation, "all")
      yield* Fiber.join(early)
      assert.strictEqual(yield* available(engine), 1)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("one released among them hides none of the rest", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1_100 })
      yield* Effect.forEach(crowd, (id) => engine.submit("reserve", { ...cart(id), expiresIn: 1_000 }), {
        concurrency: "unbounded"
      })
      yield* TestClock.adjust(999)
      const release = yield* start(engine, "release", { reservation: "r0" })
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* engine.submit("reserve", cart("all", 1_200))).reservation, "all")
      yield* Fiber.join(release)
    })
  )

  it.effect("are recorded by a fresh engine although their own ids are asked for again", () =>
    Effect.gen(function* () {
      const { door } = yield* crowded
      const fresh = yield* makeEngine(door.journal, { sweep: false })
      const tags = yield* Effect.forEach(
        crowd,
        (id) => Effect.flatMap(start(fresh, "reserve", { ...cart(id), expiresIn: 1_000 }), tagOf),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([...new Set(tags)], ["ReservationExists"])
      assert.strictEqual(yield* available(fresh), 1_200)
    })
  )
})
