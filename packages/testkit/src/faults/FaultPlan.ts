/** Which fault happens when, from a seed. */
import { Effect, Fiber } from "effect"
import type { Random } from "./Random.ts"

/** How likely each fault is for one call, from 0 to 1. */
export interface FaultRates {
  /** A question fails before the storage saw it. */
  readonly questionRefused: number
  /** A question is answered, and the answer is lost. */
  readonly questionLost: number
  /** A commit fails before it is sent, and the caller knows it. */
  readonly commitRefused: number
  /** A commit is lost on its way; the caller cannot know. */
  readonly commitLostBefore: number
  /** A commit takes effect and its acknowledgement is lost. */
  readonly commitLostAfter: number
  /** The connection dies, and the commit reaches the storage much later. */
  readonly commitLate: number
  /** A commit arrives a second time, later. */
  readonly commitTwice: number
  /** A call takes its time. */
  readonly delay: number
}

/** A network without faults. */
export const calm: FaultRates = {
  questionRefused: 0,
  questionLost: 0,
  commitRefused: 0,
  commitLostBefore: 0,
  commitLostAfter: 0,
  commitLate: 0,
  commitTwice: 0,
  delay: 0
}

/** What happens to a commit. */
export type CommitFault = "none" | "refused" | "lostBefore" | "lostAfter" | "late" | "twice"

/** Longest delay, and how much later a late commit arrives at most; milliseconds. */
const delayMsMax = 8
const lateMsMax = 120

/** Draws faults. One plan may serve several journals. */
export class FaultPlan {
  /** Can be changed at any time: {@link calm} ends the storm. */
  rates: FaultRates
  /** How often each fault happened, for judging whether a run has tested anything. */
  readonly counts = new Map<string, number>()
  readonly #random: Random
  readonly #strays = new Set<Fiber.Fiber<void>>()

  constructor(random: Random, rates: FaultRates) {
    this.#random = random
    this.rates = rates
  }

  question(what: string) {
    const { questionRefused, questionLost } = this.rates
    const fault = this.#random.chance(questionRefused) ? "refused" : this.#random.chance(questionLost) ? "lost" : "none"
    if (fault !== "none") this.#count(`${what} ${fault}`)
    return { fault, before: this.#delay(), after: this.#delay() } as const
  }

  /** @param locked whether the log is locked for this commit, so that it cannot arrive after the lock is gone */
  commit(locked: boolean) {
    const fault = this.#commitFault(locked)
    if (fault !== "none") this.#count(`commit ${fault}`)
    return { fault, before: this.#delay(), after: this.#delay(), late: this.#random.int(0, lateMsMax) } as const
  }

  /** Lets a statement run on by itself, after its caller has given up on it. */
  stray(statement: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.map(Effect.forkDetach(statement), (fiber) => {
      this.#strays.add(fiber)
    })
  }

  /** Waits until no statement is under way any more. */
  get settled(): Effect.Effect<void> {
    return Effect.suspend(() => Effect.asVoid(Fiber.awaitAll(this.#strays)))
  }

  #commitFault(locked: boolean): CommitFault {
    const { commitRefused, commitLostBefore, commitLostAfter, commitLate, commitTwice } = this.rates
    if (this.#random.chance(commitRefused)) return "refused"
    if (this.#random.chance(commitLostBefore)) return "lostBefore"
    if (this.#random.chance(commitLostAfter)) return "lostAfter"
    if (locked) return "none"
    if (this.#random.chance(commitLate)) return "late"
    return this.#random.chance(commitTwice) ? "twice" : "none"
  }

  #delay(): number | undefined {
    if (!this.#random.chance(this.rates.delay)) return undefined
    return this.#random.chance(0.5) ? 0 : this.#random.int(1, delayMsMax)
  }

  #count(fault: string): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
  }
}
