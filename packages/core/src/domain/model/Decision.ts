/** Collects the events of one command while the decision still needs to see what they change. */
import type { EventBody, EventDefinition, EventFacts } from "./Definition.ts"
import { Draft, type View } from "./Table.ts"

/** Position and times are not known while deciding; no decision may depend on them. */
const undecided: EventFacts = { position: 0, effectiveAt: 0, recordedAt: 0 }

/** Events decided so far, and the state after them. */
export class Decision {
  readonly draft: Draft
  readonly events: Array<EventBody> = []

  constructor(state: View) {
    this.draft = new Draft(state)
  }

  /** Adds an event and lets the rest of the decision see it. */
  emit<D>(definition: EventDefinition<D>, data: D): void {
    definition.evolve(data, this.draft, undecided)
    this.events.push(definition.make(data))
  }
}
