/** Follows the log through any process, and goes on through another one where it was interrupted. */
import type { LogGap } from "@holdfast/core"
import type { Event } from "@holdfast/core/domain"
import { Effect, Stream } from "effect"
import type { Cluster } from "./Cluster.ts"
import type { Random } from "../faults/Random.ts"
import type { Recorder } from "./Recorder.ts"

/** Pauses between two looks at an idle log, in milliseconds. */
const pollMs = 4

/** See the top of the file. */
export class Subscriber {
  readonly #name: string
  readonly #cluster: Cluster
  readonly #recorder: Recorder
  readonly #random: Random
  #next = 1

  constructor(name: string, cluster: Cluster, recorder: Recorder, random: Random) {
    this.#name = name
    this.#cluster = cluster
    this.#recorder = recorder
    this.#random = random
    recorder.subscribed(name, this.#next)
  }

  /** Follows until it is interrupted, or events are missing. */
  readonly follow: Effect.Effect<void> = Effect.suspend(() => this.#untilGap(false))

  /** Follows to the head. */
  readonly catchUp: Effect.Effect<void> = Effect.suspend(() => this.#untilGap(true))

  #untilGap(untilHead: boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const { engine, life } = this.#cluster.any(this.#random)
        const stream = engine.subscribe({
          from: this.#next,
          pageSize: this.#random.pick([1, 3, 500]),
          pollMs,
          untilHead
        })
        const took = Stream.runForEach(stream, (event) => Effect.sync(() => this.#take(event)))
        const ended = yield* Effect.result(life.orDeath(Effect.as(took, "head" as const)))
        if (ended._tag === "Success" && ended.success === "head") return
        if (ended._tag === "Failure" && ended.failure._tag === "LogGap") return this.#alarm(ended.failure)
        yield* Effect.sleep(this.#random.int(1, 20))
      }
    })
  }

  #take(event: Event): void {
    this.#next = event.position + 1
    this.#recorder.delivered(this.#name, event)
  }

  #alarm(gap: LogGap): void {
    this.#recorder.alarmed(this.#name, gap.message)
  }
}
