/** What the main process and its workers tell each other. */
import type { ContenderName } from "../model/Contender.ts"
import type { Scenario, Timing } from "../model/Scenario.ts"

/** The first message to a worker. */
export interface Task {
  readonly contender: ContenderName
  readonly scenario: Scenario
  readonly timing: Timing
  readonly url: string
  /** Clients and connections of this worker. */
  readonly clients: number
  readonly connections: number
  readonly worker: number
  readonly seed: number
  /** Attempts of this worker in the race for the last units; then nothing else is done. */
  readonly raceAttempts: number
}

/** What a worker has done in one phase. */
export interface Tally {
  readonly orders: number
  readonly units: number
  readonly refused: number
}

export type ToWorker = { readonly type: "task"; readonly task: Task } | { readonly type: "measure" }

export type FromWorker =
  /** Warmed up, waiting for `measure`. */
  | { readonly type: "warm"; readonly tally: Tally }
  | {
      readonly type: "measured"
      readonly tally: Tally
      /** From `measure` to the last answer. */
      readonly elapsedMs: number
      /** Compressed; in microseconds. */
      readonly histogram: string
      /** Own CPU time of the phase, in milliseconds. */
      readonly cpuMs: number
    }
  | { readonly type: "raced"; readonly tally: Tally }
  | { readonly type: "failed"; readonly reason: string }
