/** What the write path remembers changes what a command costs, never what it answers. */
import { assert, describe, it } from "@effect/vitest"
import { makeEngine } from "@holdfast/core/engine"
import { DomainRun, seeded, type Step, stepLists } from "@holdfast/testkit/model"
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { makeDoor, start, stocked } from "./support.ts"

/** What every step came to, and where the log stood then. */
const answersOf = (steps: ReadonlyArray<Step>, cacheRowsMax: number, atOnce: boolean) =>
  Effect.gen(function* () {
    const door = yield* makeDoor
    const engine = yield* makeEngine(door.journal, { sweep: false, cacheRowsMax })
    const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
    for (const step of steps) {
      yield* TestClock.setTime(step.now)
      const fiber = yield* start(engine, step.name, step.input as never)
      fibers.push(fiber as Fiber.Fiber<unknown, unknown>)
      if (!atOnce) yield* Fiber.await(fiber as Fiber.Fiber<unknown, unknown>)
    }
    const answers = yield* Effect.forEach(fibers, (fiber) =>
      Effect.map(Fiber.await(fiber), (exit) => {
        if (Exit.isSuccess(exit)) {
          const { commandId: _, position: __, recordedAt: ___, ...answer } = exit.value as Record<string, unknown>
          return answer
        }
        return (Option.getOrThrow(Cause.findErrorOption(exit.cause)) as { readonly _tag: string })._tag
      })
    )
    assert.isTrue((yield* engine.verify()).ok)
    return answers
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)

/** The same by the domain alone, in the plainest way. */
const expectedOf = (steps: ReadonlyArray<Step>): ReadonlyArray<unknown> => {
  const run = new DomainRun()
  return steps.map((step) => {
    const outcome = run.run(step)
    return outcome.refusal?._tag ?? outcome.answer
  })
}

describe("the cache", () => {
  it("of 10 rows and of 100,000 give the answers of the plain domain, one by one", async () => {
    await fc.assert(
      fc.asyncProperty(stepLists({ maxLength: 40 }), async (steps) => {
        const expected = expectedOf(steps)
        assert.deepStrictEqual(await answersOf(steps, 10, false), expected)
        assert.deepStrictEqual(await answersOf(steps, 100_000, false), expected)
      }),
      seeded(25)
    )
  })

  it("gives them in one batch too, where one command decides on what the one before left", async () => {
    await fc.assert(
      fc.asyncProperty(stepLists({ maxLength: 40 }), async (steps) => {
        const still = steps.map((step) => ({ ...step, now: steps[0]?.now ?? 0 }))
        const expected = expectedOf(still)
        assert.deepStrictEqual(await answersOf(still, 10, true), expected)
        assert.deepStrictEqual(await answersOf(still, 100_000, true), expected)
      }),
      seeded(25)
    )
  })

  it.effect("is bounded: what was pushed out is loaded again, what was not is not", () =>
    Effect.gen(function* () {
      for (const [cacheRowsMax, reloads] of [
        [10, true],
        [100_000, false]
      ] as const) {
        const { door, engine } = yield* stocked({ cacheRowsMax })
        yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
        for (let index = 0; index < 60; index++) {
          yield* engine.submit("registerSku", { id: `sku-${index}` })
          yield* engine.submit("receive", { sku: `sku-${index}`, to: "LDN", quantity: 1 })
        }
        door.takeCalls()
        yield* engine.submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
        assert.strictEqual(door.takeCalls().includes("load"), reloads, `${cacheRowsMax} rows`)
        yield* engine.close
      }
    })
  )
})
