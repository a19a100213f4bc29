/** Claims that an engine over this journal answers like the reference model, and that rows and events agree. */
import { strict as assert } from "node:assert"
import type { CommandAnswer } from "@holdfast/core/domain"
import type { Engine } from "@holdfast/core/engine"
import type { Journal, LogId } from "@holdfast/core/ports"
import { Effect } from "effect"
import fc from "fast-check"
import { about, claim } from "../Claim.ts"
import { look } from "../look.ts"
import { startMs, stepLists } from "../../model/commands.ts"
import { Model } from "../../model/Model.ts"
import { seeded } from "../../model/random.ts"
import type { Step } from "../../model/Step.ts"
import { type Answer, assertVerified, attempt, engineOn, settableClock, stockedEngine, verdictOf } from "./setup.ts"

const confirmedLines = (step: Step, answer: Answer<Step["name"]>): CommandAnswer<"confirm">["lines"] | undefined =>
  step.name === "confirm" && answer._tag === "Success"
    ? (answer.success as Answer<"confirm"> extends never ? never : CommandAnswer<"confirm">).lines
    : undefined

/** Availability in every scope there is, as the engine and the model see it. */
const assertSameAvailability = Effect.fnUntraced(function* (engine: Engine, model: Model) {
  for (const { sku, location } of model.scopes()) {
    for (const exactly of location === "world" ? [false] : [false, true]) {
      const [row] = yield* engine.availability([sku], exactly ? { exactly: location } : { within: location })
      const { promisable: _, ...expected } = model.availability(sku, location, exactly)
      const where = `${sku} ${exactly ? "exactly at" : "within"} ${location}`
      assert.deepEqual(
        {
          where,
          onHand: row?.onHand,
          held: row?.held,
          reserved: row?.reserved,
          allocated: row?.allocated,
          available: row?.available
        },
        { where, ...expected }
      )
    }
  }
})

/** Runs a list of commands through engines, each in turn, and the model; then compares all there is. */
const agree = Effect.fnUntraced(function* (
  journals: readonly [Journal, ...ReadonlyArray<Journal>],
  log: LogId,
  steps: ReadonlyArray<Step>
) {
  const clock = settableClock(startMs)
  yield* Effect.gen(function* () {
    const model = new Model()
    const engines: Array<Engine> = []
    for (const journal of journals) engines.push(yield* engineOn(journal, log, { cacheRowsMax: 50 }))
    for (const [index, step] of steps.entries()) {
      clock.set(step.now)
      const engine = engines[index % engines.length] as Engine
      const answer = yield* attempt(engine, step.name, step.input)
      const verdict = model.run(step, confirmedLines(step, answer))
      assert.equal(`${index} ${step.name}: ${verdictOf(answer)}`, `${index} ${step.name}: ${verdict}`)
    }
    for (const engine of engines) yield* assertSameAvailability(engine, model)
    const [engine] = engines as [Engine]
    yield* assertVerified(engine)
    const before = yield* look(journals[0], log)
    yield* engine.rebuild()
    assert.deepEqual((yield* look(journals[0], log)).rows, before.rows)
    yield* assertVerified(engine)
  }).pipe(clock.provide, Effect.scoped)
})

const tryLists = (runs: number, body: (steps: ReadonlyArray<Step>) => Effect.Effect<unknown, unknown>) =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(
        stepLists({ minLength: 15, maxLength: 40 }),
        async (steps) => void (await Effect.runPromise(body(steps)))
      ),
      { ...seeded(runs), interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true }
    )
  )

export const modelClaims = about("engine", [
  claim(
    "random commands are answered like the reference model does, in every scope; rows and log agree; a rebuild changes nothing",
    ({ journal, newLog }) => tryLists(6, (steps) => agree([journal], newLog(), steps))
  ),

  claim(
    "two engines on one log, taking turns, answer like the reference model does",
    ({ journal, elsewhere, capabilities, newLog }) =>
      Effect.gen(function* () {
        const other = capabilities.shared ? yield* elsewhere : journal
        yield* tryLists(3, (steps) => agree([journal, other], newLog(), steps))
      })
  ),

  claim(
    "law 14: tenants with the same SKUs, places and ids never see or consume each other's stock",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const one = yield* stockedEngine(journal, newLog(), ["a"], 10)
        const two = yield* stockedEngine(journal, newLog(), ["a"], 3)
        const reserve = {
          id: "r",
          owner: "buyer",
          expiresIn: "1 hour",
          lines: [{ sku: "a", quantity: 4 }],
          commandId: "reserve"
        } as const
        assert.equal(verdictOf(yield* attempt(two, "reserve", reserve)), "InsufficientStock")
        assert.equal(verdictOf(yield* attempt(one, "reserve", reserve)), "accepted")
        assert.equal(verdictOf(yield* attempt(two, "release", { reservation: "r" })), "UnknownReservation")
        assert.equal(yield* two.outcome("reserve"), undefined)
        const figures = [yield* one.availability(["a"], {}), yield* two.availability(["a"], {})]
        assert.deepEqual(
          figures.map(([row]) => [row?.onHand, row?.available]),
          [
            [10, 6],
            [3, 3]
          ]
        )
        assert.equal((yield* two.history("a", Number.MAX_SAFE_INTEGER, 100)).length, 2)
        for (const engine of [one, two]) yield* assertVerified(engine)
      })
  ),

  claim(
    "law 14: a claim in one subtree takes nothing from another, and neither can take what both need",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const engine = yield* engineOn(journal, newLog())
        yield* engine.submit("registerSku", { id: "a" })
        for (const [id, parent] of [
          ["north", "world"],
          ["south", "world"]
        ] as const) {
          yield* engine.submit("registerLocation", { id, kind: "site", parent })
          for (const bin of ["1", "2"])
            yield* engine.submit("registerLocation", { id: `${id} ${bin}`, kind: "bin", parent: id })
          yield* engine.submit("receive", { sku: "a", to: `${id} 1`, quantity: 5 })
        }
        const reserve = (id: string, quantity: number, within: string) =>
          attempt(engine, "reserve", {
            id,
            owner: "buyer",
            expiresIn: "1 hour",
            lines: [{ sku: "a", quantity, within }]
          })
        const steps = [
          ["n1", 6, "north"],
          ["n2", 5, "north"],
          ["s1", 3, "south"],
          ["w1", 3, "world"],
          ["w2", 2, "world"],
          ["s2", 1, "south"],
          ["b", 1, "north 2"]
        ] as const
        const answers: Array<string> = []
        for (const [id, quantity, within] of steps) answers.push(verdictOf(yield* reserve(id, quantity, within)))
        const short = "InsufficientStock"
        assert.deepEqual(answers, [short, "accepted", "accepted", short, "accepted", short, short])
        const figures: Array<unknown> = []
        for (const within of ["north", "south", "world", "north 2"]) {
          const [row] = yield* engine.availability(["a"], { within })
          figures.push([row?.onHand, row?.reserved, row?.available])
        }
        assert.deepEqual(figures, [
          [5, 5, 0],
          [5, 3, 0],
          [10, 10, 0],
          [0, 0, 0]
        ])
        yield* assertVerified(engine)
      })
  )
])
