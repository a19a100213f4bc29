/**
 * A whole system in one thread, from one seed: production engines over one storage, callers, a network with faults, a
 * clock that jumps, and a scheduler that runs anything in any order. The same seed gives the same history, to the byte.
 */
import { memory } from "@holdfast/core"
import { makeEngine, type EngineOptions } from "@holdfast/core/engine"
import type { Journal } from "@holdfast/core/ports"
import { Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { calm, FaultPlan, type FaultRates } from "../faults/FaultPlan.ts"
import { faultyJournal } from "../faults/FaultyJournal.ts"
import type { JournalMutant } from "../faults/mutants.ts"
import { checkHistory } from "../history/check.ts"
import type { Finding, History } from "../history/History.ts"
import { openingSteps, startMs, stepLists } from "../model/commands.ts"
import type { Step } from "../model/Step.ts"
import { Client } from "./Client.ts"
import { Cluster } from "./Cluster.ts"
import { Random } from "../faults/Random.ts"
import { Recorder } from "./Recorder.ts"
import { SeededScheduler } from "./SeededScheduler.ts"
import { Subscriber } from "./Subscriber.ts"

/** What a seed decides before anything runs. Every seed stresses other things, and some of them much more. */
interface Scenario {
  readonly processes: number
  readonly clients: number
  readonly steps: ReadonlyArray<Step>
  readonly rates: FaultRates
  /** Most commands that a caller has under way at once. */
  readonly atOnceMax: number
  readonly yieldProbability: number
  /** Crashes and restarts. */
  readonly disturbances: number
  readonly engine: EngineOptions
}

const steps = stepLists({ maxLength: 16, minLength: 6 })

/** Many faults at once, or a storm of them, or a single one all the time: what one fault hides, another seed shows. */
const ratesOf = (random: Random): FaultRates => {
  const delay = random.pick([0, 0.2, 0.6])
  const highest = {
    questionRefused: 0.1,
    questionLost: 0.1,
    commitRefused: 0.15,
    commitLostBefore: 0.2,
    commitLostAfter: 0.3,
    commitLate: 0.2,
    commitTwice: 0.2
  }
  if (random.chance(0.3)) return { ...calm, delay, [random.pick(Object.keys(highest))]: 0.3 }
  const storm = random.pick([1, 1, 3])
  const rates = Object.entries(highest).map(([fault, rate]) => [
    fault,
    random.chance(0.5) ? 0 : random.next() * rate * storm
  ])
  return { ...calm, delay, ...Object.fromEntries(rates) }
}

const scenarioOf = (random: Random): Scenario => {
  return {
    processes: random.int(1, 3),
    clients: random.int(1, 4),
    steps: (fc.sample(steps, { seed: random.int(1, 2_147_483_647), numRuns: 1 })[0] ?? []).slice(openingSteps.length),
    rates: ratesOf(random),
    atOnceMax: random.pick([1, 1, 3, 8]),
    yieldProbability: random.pick([0, 0.01, 0.1]),
    disturbances: random.pick([0, 0, 1, 3]),
    engine: {
      batchMax: random.pick([1, 3, 1_000]),
      cacheRowsMax: random.pick([4, 100_000]),
      storagePatienceMs: random.pick([30, 200, 10_000]),
      waitingMax: random.pick([2, 10_000]),
      sweep: random.chance(0.5),
      commandSpans: false
    }
  }
}

/** A run and the judgement of it. */
export interface Run {
  readonly seed: number
  readonly history: History
  readonly findings: ReadonlyArray<Finding>
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>
}

/** How to run a seed. */
export interface SimulationOptions {
  /** Breaks the journal, to see whether that is found. */
  readonly mutant?: JournalMutant
  /** Whether errors keep their stacks, which takes time. Default: false. */
  readonly stacks?: boolean
}

/** Runs a seed and judges what happened. Synchronous: nothing of it waits for the real clock. */
export const simulate = (seed: number, options: SimulationOptions = {}): Run => {
  const random = new Random(seed)
  const scenario = scenarioOf(random.split())
  const scheduler = new SeededScheduler(random.split(), scenario.yieldProbability)
  const plan = new FaultPlan(random.split(), calm)
  const recorded: { current: Recorder | undefined } = { current: undefined }
  // Refusals and lost connections are errors, thousands of them; their stacks would take most of the time.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = options.stacks === true ? stackTraceLimit : 0
  const exit = scheduler.run(Effect.scoped(system(scenario, scheduler, plan, random, options, recorded)))
  Error.stackTraceLimit = stackTraceLimit
  const faults = plan.counts
  if (Exit.isSuccess(exit)) {
    const history = withoutUuids(exit.value)
    return { seed, history, findings: checkHistory(history), faults }
  }
  const history: History = { records: recorded.current?.records ?? [], events: [] }
  return { seed, history, findings: [{ rule: "surprises", message: `the run failed: ${String(exit.cause)}` }], faults }
}

const system = Effect.fnUntraced(function* (
  scenario: Scenario,
  scheduler: SeededScheduler,
  plan: FaultPlan,
  random: Random,
  { mutant = { name: "", breaks: "" } }: SimulationOptions,
  recorded: { current: Recorder | undefined }
) {
  const clock = yield* TestClock.make()
  yield* clock.setTime(startMs)
  const recorder = new Recorder(() => clock.currentTimeMillisUnsafe())
  recorded.current = recorder
  const { beneath = same, above = same } = mutant
  const storage = beneath(yield* memory().open)
  const cluster = new Cluster(above(faultyJournal(storage, plan)), () => scenario.engine)

  return yield* Effect.gen(function* () {
    yield* cluster.start(scenario.processes)
    yield* new Client("opening", cluster, recorder, random.split()).runCarefully(openingSteps)
    plan.rates = scenario.rates
    yield* Effect.forkChild(moveClock(clock, scheduler, recorder, random.split()))
    const subscriber = new Subscriber("subscriber", cluster, recorder, random.split())
    const following = yield* Effect.forkChild(subscriber.follow)
    const disturbing = yield* Effect.forkChild(disturb(cluster, scenario.disturbances, random.split()))
    yield* Effect.forEach(
      Array.from({ length: scenario.clients }, (_, index) => index),
      (index) =>
        new Client(`client-${index + 1}`, cluster, recorder, random.split()).run(
          scenario.steps.filter((_, step) => step % scenario.clients === index),
          scenario.atOnceMax
        ),
      { concurrency: "unbounded", discard: true }
    )
    plan.rates = calm
    yield* Fiber.join(disturbing)
    yield* plan.settled
    yield* Fiber.interrupt(following)
    yield* subscriber.catchUp
    yield* cluster.close
    return yield* conclude(storage, recorder)
  }).pipe(Effect.provideService(Clock.Clock, watched(clock, recorder)))
})

/**
 * The clock, with every instant that anybody reads from it on record. While time is being moved it shows instants that
 * nobody else would know of, some of them earlier than the one before.
 */
const watched = (clock: TestClock.TestClock, recorder: Recorder): Clock.Clock => {
  const read = (): number => {
    recorder.clockMoved()
    return clock.currentTimeMillisUnsafe()
  }
  return { ...clock, currentTimeMillisUnsafe: read, currentTimeMillis: Effect.sync(read) }
}

const same = (journal: Journal): Journal => journal

/**
 * Time passes in small steps while others are at work, and in larger ones while everybody waits for it; now and then it
 * jumps, or is set back.
 */
const moveClock = (
  clock: TestClock.TestClock,
  scheduler: SeededScheduler,
  recorder: Recorder,
  random: Random
): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      for (let turns = random.int(1, 12); turns > 0 && !scheduler.isIdle; turns--) yield* Effect.yieldNow
      if (random.chance(0.05)) yield* clock.setTime(clock.currentTimeMillisUnsafe() - random.int(1, 30))
      else
        yield* clock.adjust(
          random.chance(scheduler.isIdle ? 0.3 : 0.05) ? random.int(20, 200) : random.int(1, scheduler.isIdle ? 15 : 3)
        )
      recorder.clockMoved()
    })
  )

/** Kills processes, or closes them, at any time. */
const disturb = Effect.fnUntraced(function* (cluster: Cluster, times: number, random: Random) {
  for (let time = 0; time < times; time++) {
    yield* Effect.sleep(random.int(1, 80))
    const index = random.int(0, cluster.processes.length - 1)
    yield* random.chance(0.7) ? cluster.crash(index) : cluster.restart(index)
  }
})

/** What the storage holds in the end, looked at by an engine of its own. */
const conclude = Effect.fnUntraced(function* (storage: Journal, recorder: Recorder) {
  const engine = yield* makeEngine(storage, { sweep: false, commandSpans: false })
  const verification = yield* engine.verify()
  const snapshot = yield* storage.snapshot(engine.tenant)
  const events = yield* snapshot.events(0, snapshot.head.position)
  return { records: recorder.records, events, verification } satisfies History
})

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Command ids that an engine made up are the one thing that no seed decides: numbers stand for them. */
const withoutUuids = (history: History): History => {
  const names = new Map<string, string>()
  const text = JSON.stringify(history).replaceAll(uuid, (id) => {
    const name = names.get(id) ?? `uuid-${names.size + 1}`
    names.set(id, name)
    return name
  })
  return JSON.parse(text) as History
}

/** What to print about a run that broke a promise. */
export const describeRun = ({ seed, findings, history }: Run): string =>
  [
    `seed ${seed}: ${findings.length} broken promises in ${history.events.length} events`,
    ...findings.map(({ rule, message }) => `  ${rule}: ${message}`),
    `  again: HOLDFAST_SEED=${seed} HOLDFAST_SEEDS=1 npx vitest run packages/core/test/simulation`,
    `  its history: npm run simulate -- --seed ${seed} --history FILE`
  ].join("\n")
