/** A commit that seemed to be lost may still be on its way. Regressions of what that can do, each told as a story. */
import { memory } from "@holdfast/core"
import { type Engine, makeEngine } from "@holdfast/core/engine"
import { calm, FaultPlan, faultyJournal } from "@holdfast/testkit/faults"
import { Random } from "@holdfast/testkit/faults"
import { SeededScheduler } from "@holdfast/testkit/simulation"
import { Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"

const startMs = 1_000

/** Everybody else has had more turns than they need. */
const quiet = Effect.gen(function* () {
  for (let turns = 0; turns < 500; turns++) yield* Effect.yieldNow
})

interface Stage {
  readonly engine: Engine
  readonly plan: FaultPlan
  readonly clock: TestClock.TestClock
}

/** Runs a story over an engine with five units of `bolt` at `site`. */
const tell = <A, E>(seed: number, story: (stage: Stage) => Effect.Effect<A, E>): A => {
  const random = new Random(seed)
  const plan = new FaultPlan(random.split(), calm)
  const exit = new SeededScheduler(random.split(), 0).run(
    Effect.scoped(
      Effect.gen(function* () {
        const clock = yield* TestClock.make()
        yield* clock.setTime(startMs)
        return yield* Effect.gen(function* () {
          const engine = yield* makeEngine(faultyJournal(yield* memory().open, plan), { sweep: false })
          yield* engine.submit("registerSku", { id: "bolt" })
          yield* engine.submit("registerLocation", { id: "site", kind: "site" })
          yield* engine.submit("receive", { sku: "bolt", to: "site", quantity: 5 })
          return yield* story({ engine, plan, clock })
        }).pipe(Effect.provideService(Clock.Clock, clock))
      })
    )
  )
  if (Exit.isFailure(exit)) throw new Error(`seed ${seed}: ${String(exit.cause)}`)
  return exit.value
}

const claim = {
  id: "cart",
  owner: "customer",
  lines: [{ sku: "bolt", quantity: 2 }],
  expiresAt: startMs + 10,
  commandId: "claim"
} as const

const seeds = Array.from({ length: 40 }, (_, index) => index + 1)

describe("a commit that arrives long after its connection died", () => {
  it("does not make a claim of one whose caller was told that it is refused", () => {
    let undecided = 0
    for (const seed of seeds) {
      const { answer, again, events } = tell(seed, ({ engine, plan, clock }) =>
        Effect.gen(function* () {
          plan.rates = { ...calm, commitLate: 1 }
          const asking = yield* Effect.forkChild(Effect.result(engine.submit("reserve", claim)))
          yield* quiet
          plan.rates = calm
          // By the time the engine tries again, the claim would have expired before it was made.
          yield* clock.adjust(30)
          const answer = yield* Fiber.join(asking)
          const again = yield* Effect.result(engine.submit("reserve", claim))
          yield* clock.adjust(1_000)
          yield* plan.settled
          return { answer, again, events: yield* engine.outcome("claim") }
        })
      )
      for (const result of [answer, again]) {
        if (result._tag === "Success") expect(events, `seed ${seed}`).toHaveLength(1)
        else if (result.failure._tag === "StorageUnavailable") {
          undecided++
          expect(result.failure, `seed ${seed}`).toMatchObject({
            outcome: "unknown",
            retryable: true,
            commandId: "claim"
          })
        } else expect(events, `seed ${seed}: refused as ${result.failure._tag}`).toBeUndefined()
      }
    }
    expect(undecided, "answers while the commit was on its way").toBeGreaterThan(0)
  })

  it("can be refused for good once the log has moved on", () => {
    for (const seed of seeds) {
      const { answer, events } = tell(seed, ({ engine, plan, clock }) =>
        Effect.gen(function* () {
          plan.rates = { ...calm, commitLostBefore: 1 }
          const asking = yield* Effect.forkChild(Effect.result(engine.submit("reserve", claim)))
          yield* quiet
          plan.rates = calm
          yield* clock.adjust(30)
          yield* Fiber.join(asking)
          yield* engine.submit("receive", { sku: "bolt", to: "site", quantity: 1 })
          return {
            answer: yield* Effect.result(engine.submit("reserve", claim)),
            events: yield* engine.outcome("claim")
          }
        })
      )
      expect(answer, `seed ${seed}`).toMatchObject({ _tag: "Failure", failure: { _tag: "ExpiryTooEarly" } })
      expect(events, `seed ${seed}`).toBeUndefined()
    }
  })
})
