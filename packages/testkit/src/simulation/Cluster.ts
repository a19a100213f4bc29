/** The processes of a simulation: engines that stand on one storage, die without a word, and are started again. */
import { type Engine, type EngineOptions, makeEngine } from "@holdfast/core/engine"
import type { Journal } from "@holdfast/core/ports"
import { Effect, Exit, Scope } from "effect"
import { Life, mortalJournal } from "../faults/mortalJournal.ts"
import type { Random } from "../faults/Random.ts"

/** One engine in its process. */
export interface Process {
  /** Another one for every life. */
  readonly name: string
  readonly engine: Engine
  readonly life: Life
}

/** See the top of the file. */
export class Cluster {
  readonly processes: Array<Process> = []
  readonly #journal: Journal
  readonly #options: () => EngineOptions
  #lives = 0

  /** @param options what each new engine is set up with */
  constructor(journal: Journal, options: () => EngineOptions) {
    this.#journal = journal
    this.#options = options
  }

  /** Starts processes until there are so many. */
  readonly start = (count: number): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      while (this.processes.length < count) this.processes.push(yield* this.#open)
    })

  /** Any process, which may be about to die. */
  any(random: Random): Process {
    return random.pick(this.processes)
  }

  /** Kills a process at whatever step it is, and starts another in its place. */
  readonly crash = (index: number): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      yield* this.processes[index]?.life.end ?? Effect.void
      this.processes[index] = yield* this.#open
    })

  /** Closes a process as a careful host does, and starts another in its place meanwhile. */
  readonly restart = (index: number): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      const old = this.processes[index]
      this.processes[index] = yield* this.#open
      if (old !== undefined) yield* old.life.orDeath(old.engine.close)
    })

  /** Closes all. */
  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(this.processes, ({ engine }) => engine.close, { discard: true })
  )

  /** Opens an engine, however often that takes: the storage fails then, too. Its scope ends with the simulation. */
  get #open(): Effect.Effect<Process> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const life = new Life()
        const opening = Scope.provide(
          makeEngine(mortalJournal(this.#journal, life), this.#options()),
          Scope.makeUnsafe()
        )
        const opened = yield* Effect.exit(opening)
        if (Exit.isSuccess(opened)) return { name: `engine-${++this.#lives}`, engine: opened.value, life }
        yield* Effect.sleep(5)
      }
    })
  }
}
