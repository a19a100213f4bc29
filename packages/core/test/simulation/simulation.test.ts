/** The production engine under a hostile scheduler, network and clock. `HOLDFAST_SEEDS` and `HOLDFAST_SEED` set how many and from where. */
import { Random } from "@holdfast/testkit/faults"
import { describeRun, type Run, SeededScheduler, simulate } from "@holdfast/testkit/simulation"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

const numberOf = (name: string, otherwise: number): number => Number.parseInt(process.env[name] ?? "", 10) || otherwise

const first = numberOf("HOLDFAST_SEED", 1)
const count = numberOf("HOLDFAST_SEEDS", 2_000)

/** Runs of one test. Each is a claim of its own, and vitest shows progress between them. */
const perTest = 250

/** Broken seeds to describe: the first ones say enough. */
const describedMax = 3

const broken = (from: number, to: number): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  for (let seed = from; seed < to && runs.length < describedMax; seed++) {
    const run = simulate(seed)
    if (run.findings.length > 0) runs.push(run)
  }
  return runs
}

describe("whatever the network, the clock and the scheduler do", () => {
  for (let from = first; from < first + count; from += perTest) {
    const to = Math.min(from + perTest, first + count)
    it(`every promise is kept, seeds ${from} to ${to - 1}`, { timeout: 600_000 }, () => {
      expect(broken(from, to).map(describeRun).join("\n"), "broken promises").toBe("")
    })
  }

  it("a seed replays exactly: the same history, to the byte", () => {
    for (let seed = first; seed < first + 20; seed++) {
      const [once, again] = [simulate(seed), simulate(seed)]
      expect(JSON.stringify(again.history), `seed ${seed}`).toBe(JSON.stringify(once.history))
      expect([...again.faults], `faults of seed ${seed}`).toEqual([...once.faults])
    }
  })

  it("the seeds meet every fault, many times, and different seeds differ", () => {
    const faults = new Map<string, number>()
    const histories = new Set<string>()
    for (let seed = 1; seed <= 60; seed++) {
      const run = simulate(seed)
      histories.add(JSON.stringify(run.history.records))
      for (const [fault, times] of run.faults) faults.set(fault, (faults.get(fault) ?? 0) + times)
    }
    const kinds = ["refused", "lostBefore", "lostAfter", "late", "twice"].map((kind) => `commit ${kind}`)
    for (const kind of [
      ...kinds,
      "load lost",
      "load refused",
      "head lost",
      "outcomes lost",
      "outcomes refused",
      "lock refused"
    ]) {
      expect(faults.get(kind) ?? 0, kind).toBeGreaterThanOrEqual(5)
    }
    expect(histories.size).toBe(60)
  })
})

describe("the seeded scheduler", () => {
  /** Two fibers that each read a number, go on, and write it back one larger: 1 is left of 2 when they race. */
  const race = (run: (effect: Effect.Effect<void>) => void): number => {
    let number = 0
    const increment = Effect.suspend(() => {
      const read = number
      return Effect.andThen(
        Effect.void,
        Effect.sync(() => {
          number = read + 1
        })
      )
    })
    run(Effect.all([increment, increment], { concurrency: "unbounded", discard: true }))
    return number
  }
  const underSeed = (seed: number): number => race((effect) => new SeededScheduler(new Random(seed), 0.2).run(effect))

  it("finds a race that the ordinary scheduler never shows, and finds it again from the same seed", () => {
    for (let time = 0; time < 200; time++) expect(race(Effect.runSync)).toBe(2)
    const seeds = Array.from({ length: 200 }, (_, index) => index + 1)
    const losing = seeds.filter((seed) => underSeed(seed) === 1)
    expect(losing.length).toBeGreaterThan(0)
    expect(losing.length).toBeLessThan(200)
    expect(seeds.filter((seed) => underSeed(seed) === 1)).toEqual(losing)
  })

  it("says so when everybody waits and nobody runs", () => {
    const exit = new SeededScheduler(new Random(1), 0).run(Effect.never)
    expect(String(exit)).toContain("everybody waits, nobody runs")
  })
})
