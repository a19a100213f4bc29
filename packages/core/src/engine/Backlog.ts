/** Waiting commands, in the order they came: what the queue holds, and what was taken from it but did not fit a batch. */
import { type Cause, Effect, Queue } from "effect"
import type { Batch } from "./Batch.ts"
import type { Entry } from "./Entry.ts"

/** The queue of commands. An entry that is `undefined` only asks for expiries to be recorded. */
export type EntryQueue = Queue.Dequeue<Entry | undefined, Cause.Done>

/** See the top of the file. */
export class Backlog {
  readonly #queue: EntryQueue
  readonly #batchMax: number
  /** Taken from the queue, and next to go into a batch. Never more than a batch. */
  #held: Array<Entry | undefined> = []

  constructor(queue: EntryQueue, batchMax: number) {
    this.#queue = queue
    this.#batchMax = batchMax
  }

  /** How many wait, as far as the queue knows. */
  get size(): number {
    return this.#held.length + Queue.sizeUnsafe(this.#queue)
  }

  /** Resumes when something waits; `false` when nothing will ever again. Interrupting it loses nothing. */
  readonly arrival: Effect.Effect<boolean> = Effect.suspend(() =>
    this.#held.length > 0
      ? Effect.succeed(true)
      : Effect.match(Queue.peek(this.#queue), { onFailure: () => false, onSuccess: () => true })
  )

  /** Moves what waits into a batch, until it is full, has as many as it may, or nothing waits. Says whether any was taken. */
  readonly fill = (batch: Batch, most = Number.POSITIVE_INFINITY): Effect.Effect<boolean> =>
    Effect.gen({ self: this }, function* (this: Backlog) {
      let taken = false
      for (;;) {
        if (this.#held.length === 0) {
          if (Queue.sizeUnsafe(this.#queue) === 0) return taken
          this.#held = yield* Effect.orElseSucceed(Queue.takeBetween(this.#queue, 1, this.#batchMax), () => [])
        }
        let index = 0
        for (; index < this.#held.length; index++) {
          const entry = this.#held[index]
          if (entry !== undefined && (batch.size >= most || !batch.admit(entry))) break
          taken = true
        }
        if (index < this.#held.length) {
          this.#held = this.#held.slice(index)
          return taken
        }
        this.#held = []
      }
    })
}
