/** Engines over the journal under test. */
import type { CommandInput, CommandName } from "@holdfast/core/domain"
import { type CommandFailure, type Engine, type EngineOptions, makeEngine, type Receipt } from "@holdfast/core/engine"
import type { Journal, LogId } from "@holdfast/core/ports"
import { Clock, Effect, type Result } from "effect"
import { strict as assert } from "node:assert"

/** An engine that does nothing by itself. */
export const engineOn = (journal: Journal, tenant: LogId, options: EngineOptions = {}) =>
  makeEngine(journal, { tenant, sweep: false, commandSpans: false, ...options })

/** An engine with a site, a few SKUs and stock of each. */
export const stockedEngine = Effect.fnUntraced(function* (
  journal: Journal,
  tenant: LogId,
  skus: ReadonlyArray<string>,
  quantity: number,
  options: EngineOptions = {}
) {
  const engine = yield* engineOn(journal, tenant, options)
  yield* engine.submit("registerLocation", { id: "site", kind: "site" })
  for (const id of skus) {
    yield* engine.submit("registerSku", { id })
    if (quantity > 0) yield* engine.submit("receive", { sku: id, to: "site", quantity, commandId: `receive ${id}` })
  }
  return engine
})

/** What became of a command. */
export type Answer<N extends CommandName> = Result.Result<Receipt<N>, CommandFailure>

/** Submits a command and tells how it ended. */
export const attempt = <N extends CommandName>(
  engine: Engine,
  name: N,
  input: CommandInput<N>
): Effect.Effect<Answer<N>> => Effect.result(engine.submit(name, input))

/** `accepted`, or the tag of the failure. */
export const verdictOf = (answer: Answer<CommandName>): string =>
  answer._tag === "Success" ? "accepted" : answer.failure._tag

/** Counts answers by their verdict. */
export const verdicts = (answers: ReadonlyArray<Answer<CommandName>>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[verdictOf(answer)] = (counts[verdictOf(answer)] ?? 0) + 1
  return counts
}

/** Fails unless rows and events agree and every law holds. */
export const assertVerified = Effect.fnUntraced(function* (engine: Engine) {
  const { ok, differences, violations } = yield* engine.verify()
  assert.deepEqual({ ok, differences, violations }, { ok: true, differences: [], violations: [] })
})

/** A clock that only moves when it is told to; pauses and timeouts still take their time. */
export const settableClock = (startMs: number) => {
  const clock = { now: startMs }
  const layerOver = (real: Clock.Clock): Clock.Clock => ({
    currentTimeMillisUnsafe: () => clock.now,
    currentTimeMillis: Effect.sync(() => clock.now),
    currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe(),
    currentTimeNanos: real.currentTimeNanos,
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration)
  })
  return {
    set: (now: number) => {
      clock.now = now
    },
    provide: <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.flatMap(Clock.Clock, (real) => Effect.provideService(effect, Clock.Clock, layerOver(real)))
  }
}
