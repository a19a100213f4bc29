/** The connection of one engine, which ends when its process does: at any step, without a word. */
import type { Journal } from "@holdfast/core/ports"
import { Deferred, Effect } from "effect"

/** Whether a process is still alive. */
export class Life {
  readonly #death = Deferred.makeUnsafe<undefined>()
  #dead = false

  get isOver(): boolean {
    return this.#dead
  }

  /** Kills the process. Its fibers stop at their next step out of it. */
  readonly end: Effect.Effect<void> = Effect.sync(() => {
    this.#dead = true
    Deferred.doneUnsafe(this.#death, Effect.undefined)
  })

  /** The effect, or `undefined` when the process dies meanwhile. */
  orDeath<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A | undefined, E, R> {
    return Effect.suspend(() => (this.#dead ? Effect.undefined : Effect.raceFirst(effect, Deferred.await(this.#death))))
  }
}

/** A journal as a process sees it. After the end of its life no call returns; what was sent before may still arrive. */
export const mortalJournal = (journal: Journal, life: Life): Journal => {
  /** The call goes on when the process dies; nobody hears its answer. */
  const sent = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() =>
      life.isOver ? Effect.never : Effect.flatMap(Effect.exit(call), (exit) => (life.isOver ? Effect.never : exit))
    )
  return {
    manifest: journal.manifest,
    head: (log) => sent(journal.head(log)),
    load: (log, request) => sent(journal.load(log, request)),
    append: (log, append) => sent(journal.append(log, append)),
    // A transaction is rolled back and its lock let go when the connection ends.
    exclusively: (log, effect) =>
      Effect.suspend(() =>
        life.isOver
          ? Effect.never
          : Effect.flatMap(life.orDeath(Effect.exit(journal.exclusively(log, effect))), (exit) => exit ?? Effect.never)
      ),
    outcomes: (log, commandIds) => sent(journal.outcomes(log, commandIds)),
    read: (log, after, limit) => sent(journal.read(log, after, limit)),
    history: (log, sku, before, limit) => sent(journal.history(log, sku, before, limit)),
    eventsAt: (log, positions) => sent(journal.eventsAt(log, positions)),
    snapshot: (log) => sent(journal.snapshot(log)),
    replaceRows: (log, position, rows) => sent(journal.replaceRows(log, position, rows))
  }
}
