/** Events in, changed rows out. */
import type { EventBody, EventDefinition, EventFacts } from "./model/Definition.ts"
import { Draft, type View } from "./model/Table.ts"
import { events } from "./registry.ts"

const definitions: ReadonlyMap<string, EventDefinition<unknown>> = new Map(
  (events as ReadonlyArray<EventDefinition<unknown>>).map((definition) => [definition.type, definition])
)

/** The definition of an event type. */
export const eventDefinition = (type: string): EventDefinition<unknown> => {
  const definition = definitions.get(type)
  if (definition === undefined) throw new Error(`unknown event type ${type}`)
  return definition
}

/** Writes what an event changes to a draft. */
export const evolveInto = (draft: Draft, event: EventBody, facts: EventFacts): void =>
  eventDefinition(event.type).evolve(event.data, draft, facts)

/** The state after an event. */
export const evolve = (state: View, event: EventBody & EventFacts): Draft => {
  const draft = new Draft(state)
  evolveInto(draft, event, event)
  return draft
}
