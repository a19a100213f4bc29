/** How many connections a hand-written contender does best with: tried out, per kind of demand. */
import type { Contender } from "../model/Contender.ts"
import type { RunOptions } from "./run.ts"
import { run } from "./run.ts"
import type { Demand, Scenario, Timing } from "../model/Scenario.ts"

/** How often each size is tried. */
const passes = 2

/** One size and its rate in one pass. */
export interface PoolTrial {
  readonly contender: string
  readonly demand: Demand
  readonly connections: number
  readonly perSecond: number
}

/** Finds and remembers the best size of each contender and demand. */
export class Pools {
  readonly trials: Array<PoolTrial> = []
  readonly #best = new Map<string, number>()
  readonly #sizes: ReadonlyArray<number>
  readonly #timing: Timing

  constructor(sizes: ReadonlyArray<number>, timing: Timing) {
    this.#sizes = sizes
    this.#timing = timing
  }

  /** The best size for a scenario; tried with 64 clients in one process, one line per order, if it is not known yet. */
  async sizeFor(
    contender: Contender,
    scenario: Scenario,
    options: Omit<RunOptions, "connections" | "timing" | "check">
  ): Promise<number> {
    if (!contender.tunesConnections) return 1
    const demand = scenario.demand === "file" ? "skewed" : scenario.demand
    const key = `${contender.name} ${demand}`
    const known = this.#best.get(key)
    if (known !== undefined) return known
    const trial: Scenario = { name: "pool", demand, clients: 64, processes: 1, lines: 1 }
    let best = { connections: 1, perSecond: 0 }
    // Pass by pass, not size by size: a neighbour on the machine then slows down all sizes, and the best pass of each
    // counts. A size picked in a bad moment would flatter whoever the contender is compared with.
    for (let pass = 0; pass < passes; pass++) {
      for (const connections of this.#sizes) {
        const trialOptions = { ...options, connections, timing: this.#timing, check: false }
        const { perSecond } = await run(contender, trial, trialOptions)
        this.trials.push({ contender: contender.name, demand, connections, perSecond: Math.round(perSecond) })
        if (perSecond > best.perSecond) best = { connections, perSecond }
      }
    }
    this.#best.set(key, best.connections)
    return best.connections
  }
}
