/** Claims about many callers at once: law 1, law 3 and law 4 through an engine. */
import { strict as assert } from "node:assert"
import type { Engine } from "@holdfast/core/engine"
import { Effect } from "effect"
import fc from "fast-check"
import { about, claim } from "../Claim.ts"
import { seeded } from "../../model/random.ts"
import { assertVerified, attempt, engineOn, stockedEngine, verdictOf, verdicts } from "./setup.ts"

const unbounded = { concurrency: "unbounded" } as const

const at = <A>(list: readonly [A, ...ReadonlyArray<A>], index: number): A => list[index % list.length] ?? list[0]

const forAnHour = { owner: "buyer", expiresIn: "1 hour" } as const

/** N racers for k units of one SKU, through one engine or several. */
const raceFor = Effect.fnUntraced(function* (
  engines: readonly [Engine, ...ReadonlyArray<Engine>],
  sku: string,
  racers: number,
  units: number
) {
  const answers = yield* Effect.all(
    Array.from({ length: racers }, (_, racer) =>
      attempt(at(engines, racer), "reserve", { id: `${sku} ${racer}`, lines: [{ sku, quantity: 1 }], ...forAnHour })
    ),
    unbounded
  )
  assert.deepEqual(verdicts(answers), { accepted: units, InsufficientStock: racers - units })
  for (const engine of engines) {
    const [figures] = yield* engine.availability([sku], {})
    assert.deepEqual([figures?.onHand, figures?.reserved, figures?.available], [units, units, 0])
  }
})

/** Multi-line claims that name SKUs in random orders, several at once in small batches, and what has to be left. */
const claimInRandomOrders = Effect.fnUntraced(function* (
  engines: readonly [Engine, ...ReadonlyArray<Engine>],
  skus: ReadonlyArray<string>,
  claims: ReadonlyArray<ReadonlyArray<{ readonly sku: string; readonly quantity: number }>>,
  stock: number
) {
  const answers = yield* Effect.all(
    claims.map((lines, index) => attempt(at(engines, index), "reserve", { id: `claim ${index}`, lines, ...forAnHour })),
    unbounded
  )
  const other = answers.filter((answer) => !["accepted", "InsufficientStock"].includes(verdictOf(answer)))
  assert.deepEqual(other.map(verdictOf), [], "a claim failed for another reason than stock")
  const reserved = new Map<string, number>()
  claims.forEach((lines, index) => {
    if (verdictOf(answers[index] as (typeof answers)[number]) !== "accepted") return
    for (const { sku, quantity } of lines) reserved.set(sku, (reserved.get(sku) ?? 0) + quantity)
  })
  const figures = yield* engines[0].availability(skus, {})
  assert.deepEqual(
    figures.map(({ sku, reserved, available }) => [sku, reserved, available]),
    skus.map((sku) => [sku, reserved.get(sku) ?? 0, stock - (reserved.get(sku) ?? 0)])
  )
})

/** Draws lists of claims; fast-check prints the seed of one that goes wrong. */
const randomClaims = (skus: ReadonlyArray<string>, count: number) =>
  fc.array(
    fc
      .shuffledSubarray([...skus], { minLength: 2 })
      .chain((some) =>
        fc.tuple(...some.map((sku) => fc.integer({ min: 1, max: 3 }).map((quantity) => ({ sku, quantity }))))
      ),
    { minLength: count, maxLength: count, size: "max" }
  )

const oneRun = () => ({ ...seeded(1), endOnFailure: true })

/** Runs a property whose body is an effect. */
const forOne = <A>(arbitrary: fc.Arbitrary<A>, body: (value: A) => Effect.Effect<unknown, unknown>) =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (value) => void (await Effect.runPromise(body(value)))),
      oneRun()
    )
  )

const randomSkus = ["a", "b", "c", "d", "e"]

export const raceClaims = about("engine", [
  claim("law 1: of 200 racers for the last unit one wins, and of 200 for 7 units 7 do", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const tenant = newLog()
      const engine = yield* stockedEngine(journal, tenant, [], 0, { batchMax: 32 })
      for (const units of [1, 7]) {
        const sku = `sku ${units}`
        yield* engine.submit("registerSku", { id: sku })
        yield* engine.submit("receive", { sku, to: "site", quantity: units })
        yield* raceFor([engine], sku, 200, units)
      }
      yield* assertVerified(engine)
    })
  ),

  claim(
    "law 1 across engines: two on one log never promise a unit twice",
    ({ journal, elsewhere, capabilities, newLog }) =>
      Effect.gen(function* () {
        const tenant = newLog()
        const one = yield* stockedEngine(journal, tenant, ["a", "b"], 5, { batchMax: 8 })
        const two = yield* engineOn(capabilities.shared ? yield* elsewhere : journal, tenant, { batchMax: 8 })
        for (const sku of ["a", "b"]) yield* raceFor([one, two], sku, 60, 5)
        yield* assertVerified(two)
      })
  ),

  claim(
    "law 3: 1,000 random claims with lines in opposite orders end without deadlock and without a lost unit",
    ({ journal, newLog }) =>
      forOne(randomClaims(randomSkus, 1_000), (claims) =>
        Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* stockedEngine(journal, newLog(), randomSkus, 1_500, { batchMax: 64 })
            yield* claimInRandomOrders([engine], randomSkus, claims, 1_500)
            yield* assertVerified(engine)
          })
        )
      )
  ),

  claim(
    "law 3 across engines: 300 random claims through two engines on one log",
    ({ journal, elsewhere, capabilities, newLog }) =>
      Effect.gen(function* () {
        const other = capabilities.shared ? yield* elsewhere : journal
        yield* forOne(randomClaims(randomSkus, 300), (claims) =>
          Effect.scoped(
            Effect.gen(function* () {
              const tenant = newLog()
              const one = yield* stockedEngine(journal, tenant, randomSkus, 400, { batchMax: 16 })
              const two = yield* engineOn(other, tenant, { batchMax: 16 })
              yield* claimInRandomOrders([one, two], randomSkus, claims, 400)
              yield* assertVerified(two)
            })
          )
        )
      })
  ),

  claim(
    "law 4: one command id, in turn, at once, and through two engines, is one effect with one receipt",
    ({ journal, elsewhere, capabilities, newLog }) =>
      Effect.gen(function* () {
        const tenant = newLog()
        const one = yield* stockedEngine(journal, tenant, ["a"], 100)
        const two = yield* engineOn(capabilities.shared ? yield* elsewhere : journal, tenant)
        const buy = { id: "r", lines: [{ sku: "a", quantity: 3 }], ...forAnHour, commandId: "buy" }
        const atOnce = yield* Effect.all(
          Array.from({ length: 40 }, (_, index) => at([one, two], index).submit("reserve", buy)),
          unbounded
        )
        const third = yield* engineOn(journal, tenant)
        const inTurn = [
          yield* one.submit("reserve", buy),
          yield* two.submit("reserve", buy),
          yield* third.submit("reserve", buy)
        ]
        for (const receipt of [...atOnce, ...inTurn]) assert.deepEqual(receipt, atOnce[0])
        const [figures] = yield* third.availability(["a"], {})
        assert.equal(figures?.reserved, 3)
        assert.equal((yield* third.outcome("buy"))?.length, 1)
      })
  ),

  claim("law 4: the same id with another body is CommandIdReused, and changes nothing", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const tenant = newLog()
      const engine = yield* stockedEngine(journal, tenant, ["a"], 10)
      const receipt = yield* engine.submit("receive", { sku: "a", to: "site", quantity: 1, commandId: "id" })
      const fresh = yield* engineOn(journal, tenant)
      for (const other of [engine, fresh, fresh]) {
        const answer = yield* attempt(other, "receive", { sku: "a", to: "site", quantity: 2, commandId: "id" })
        assert.ok(answer._tag === "Failure" && answer.failure._tag === "CommandIdReused", verdictOf(answer))
        assert.deepEqual([answer.failure.commandId, answer.failure.position], ["id", receipt.position])
      }
      const [figures] = yield* fresh.availability(["a"], {})
      assert.equal(figures?.onHand, 11)
    })
  )
])
