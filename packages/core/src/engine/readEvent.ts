/** From stored events to the events that callers see. */
import { decodeEvent, type Event } from "../domain/index.ts"

/**
 * The event in its present version, without what only the journal needs. Throws on one that this version of Holdfast
 * cannot read.
 */
export const readEvent = (stored: Event): Event => {
  const { position, commandId, commandPosition, skus, effectiveAt, recordedAt, meta } = stored
  return { ...decodeEvent(stored), position, commandId, commandPosition, skus, effectiveAt, recordedAt, meta }
}
