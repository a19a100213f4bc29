/** Runs steps through the pure domain in the plainest way: a whole world in memory, one command after the other. */
import {
  answer,
  type Command,
  decide,
  decodeCommand,
  type Event,
  type EventBody,
  eventDefinition,
  evolve,
  type InvalidCommand,
  isRefusal,
  lapse,
  type Refusal,
  World
} from "@holdfast/core/domain"
import { Result } from "effect"
import type { Step } from "./Step.ts"

/** What a step did. */
export interface Outcome {
  readonly step: Step
  /** The decoded command, if it was one. */
  readonly command: Command | undefined
  /** Claims that lapsed before the command was decided. */
  readonly lapsed: ReadonlyArray<Event>
  /** The command's own events: none when it was refused. */
  readonly events: ReadonlyArray<Event>
  readonly refusal: Refusal | InvalidCommand | undefined
  /** What the caller is told; undefined when it was refused. */
  readonly answer: unknown
}

/** A world, its log, and what happened so far. */
export class DomainRun {
  readonly world = new World()
  readonly log: Array<Event> = []
  private steps = 0

  /** Position of the last event; 0 in an empty log. */
  get position(): number {
    return this.log.length
  }

  /** Records what is due, as an engine does before it decides. */
  lapse(now: number): ReadonlyArray<Event> {
    return this.world.due(now).flatMap((id) => this.record(lapse(this.world, id, now), `lapse-${id}`, now))
  }

  run(step: Step): Outcome {
    this.steps += 1
    const commandId = `step-${this.steps}`
    const lapsed = this.lapse(step.now)
    const decoded = decodeCommand(step.name, step.input)
    if (Result.isFailure(decoded)) {
      return { step, command: undefined, lapsed, events: [], refusal: decoded.failure, answer: undefined }
    }
    const command = decoded.success
    const decision = decide(this.world, command, step.now)
    if (isRefusal(decision)) return { step, command, lapsed, events: [], refusal: decision, answer: undefined }
    const events = this.record(decision, commandId, step.now)
    return { step, command, lapsed, events, refusal: undefined, answer: answer(step.name, events) }
  }

  private record(bodies: ReadonlyArray<EventBody>, commandId: string, now: number): ReadonlyArray<Event> {
    const commandPosition = this.position + 1
    return bodies.map((body) => {
      const event: Event = {
        ...body,
        position: this.position + 1,
        commandId,
        commandPosition,
        skus: eventDefinition(body.type).skus(body.data),
        effectiveAt: now,
        recordedAt: now,
        meta: {}
      }
      this.world.absorb(evolve(this.world, event))
      this.log.push(event)
      return event
    })
  }
}

/** Runs a list of steps from an empty world. */
export const runDomain = (
  steps: ReadonlyArray<Step>
): { readonly run: DomainRun; readonly outcomes: ReadonlyArray<Outcome> } => {
  const run = new DomainRun()
  return { run, outcomes: steps.map((step) => run.run(step)) }
}
