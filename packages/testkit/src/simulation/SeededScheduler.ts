/**
 * A scheduler that is an adversary with a seed: of all tasks that could run, it runs any, and it makes fibers yield
 * where they did not expect to. The same seed gives the same interleaving.
 *
 * All fibers share one pool. Nothing runs by itself: {@link SeededScheduler.drain} runs tasks until none is left, in the
 * caller's own stack. A program that then is not done waits for something that nobody will do: a deadlock.
 */
import { Effect, Exit, type Fiber, type Scheduler } from "effect"
import type { Random } from "../faults/Random.ts"

/** More tasks than any sensible run needs. Reaching it means that fibers go round in circles. */
const tasksMax = 300_000

/** Operations after which a fiber yields at the latest. */
const operationsMax = 2_048

/** See the top of the file. */
export class SeededScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync"
  readonly #random: Random
  readonly #yieldProbability: number
  readonly #tasks: Array<() => void> = []
  #draining = false

  /** @param yieldProbability how likely a fiber is to yield before an operation */
  constructor(random: Random, yieldProbability: number) {
    this.#random = random
    this.#yieldProbability = yieldProbability
  }

  /** Fibers that go round in circles yield too, as they do under the ordinary scheduler, so that this is noticed. */
  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return this.#random.chance(this.#yieldProbability) || fiber.currentOpCount >= operationsMax
  }

  /** Whether nobody but the running fiber has anything to do. */
  get isIdle(): boolean {
    return this.#tasks.length === 0
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return {
      scheduleTask: (task) => {
        this.#tasks.push(task)
      },
      flush: () => this.drain()
    }
  }

  /** Runs tasks in random order until none is left. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let ran = 0; this.#tasks.length > 0; ran++) {
        if (ran >= tasksMax) throw new Error(`the simulation is not done after ${tasksMax} tasks`)
        const index = this.#random.int(0, this.#tasks.length - 1)
        const task = this.#tasks[index] as () => void
        const last = this.#tasks.pop() as () => void
        if (index < this.#tasks.length) this.#tasks[index] = last
        task()
      }
    } finally {
      this.#draining = false
    }
  }

  /** Runs an effect to its end, here and now. Dies if it waits for something that never comes. */
  run<A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> {
    const fiber = Effect.runFork(effect, { scheduler: this })
    this.drain()
    return fiber.pollUnsafe() ?? Exit.die(new Error("the simulation is stuck: everybody waits, nobody runs"))
  }
}
