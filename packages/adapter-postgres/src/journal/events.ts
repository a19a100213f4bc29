/**
 * Reading events back. Look-ups by list are probes, one for each: `OFFSET 0` keeps the planner from joining the whole log
 * instead, which it does on stale statistics.
 */
import { decodeEvent, type EventMeta, eventDefinition } from "@holdfast/core/domain"
import type { StoredEvent } from "@holdfast/core/ports"

/** What {@link eventFromJson} reads, as one JSON text under the alias `e`. */
export const eventAsJson = `json_build_array(e.position, e.command_id, e.command_position, e.type, e.version, e.sku,
  e.data, e.meta, e.effective_at, e.recorded_at, e.fingerprint)::text AS row`

type Columns = readonly [
  number,
  string,
  number,
  string,
  number,
  string | null,
  unknown,
  EventMeta,
  number,
  number,
  string
]

/** The event as it was stored, in whatever version that was. */
export const eventFromJson = (text: string): StoredEvent => {
  const [position, commandId, commandPosition, type, version, sku, data, meta, effectiveAt, recordedAt, fingerprint] =
    JSON.parse(text) as Columns
  const stored = { type, version, data }
  // Several SKUs, or none, follow from the data.
  const skus = sku === null ? eventDefinition(type).skus(decodeEvent(stored).data) : [sku]
  return { ...stored, position, commandId, commandPosition, skus, effectiveAt, recordedAt, meta, fingerprint }
}

/** Events after a position: a range of the primary key. */
export const readStatement = (schema: string): string =>
  `SELECT ${eventAsJson} FROM ${schema}.events e
    WHERE e.log = $1::text AND e.position > $2::text::bigint ORDER BY e.position LIMIT $3::text::bigint`

/** A SKU's events before a position, newest first: two ranges of indexes, merged. */
export const historyStatement = (schema: string): string =>
  `SELECT ${eventAsJson} FROM (
     (SELECT position FROM ${schema}.events
       WHERE log = $1::text AND sku = $2::text AND position < $3::text::bigint ORDER BY position DESC LIMIT $4::text::bigint)
     UNION ALL
     (SELECT position FROM ${schema}.event_skus
       WHERE log = $1::text AND sku = $2::text AND position < $3::text::bigint ORDER BY position DESC LIMIT $4::text::bigint)
     ORDER BY position DESC LIMIT $4::text::bigint
   ) found CROSS JOIN LATERAL (
     SELECT * FROM ${schema}.events WHERE log = $1::text AND position = found.position OFFSET 0
   ) e ORDER BY e.position DESC`

/** Events at given positions: a probe of the primary key for each. */
export const eventsAtStatement = (schema: string): string =>
  `SELECT ${eventAsJson} FROM json_array_elements_text($2::text::json) p(position)
    CROSS JOIN LATERAL (
      SELECT * FROM ${schema}.events WHERE log = $1::text AND position = p.position::bigint OFFSET 0
    ) e ORDER BY e.position`

/** The head, and the events of given commands: a probe of the command index for each, then their contiguous events. */
export const outcomesStatement = (schema: string): string =>
  `SELECT 0 AS part, json_build_array(position, recorded_at)::text AS row FROM ${schema}.logs WHERE log = $1::text
   UNION ALL
   SELECT 1 AS part, found.row FROM (
     SELECT ${eventAsJson} FROM json_array_elements_text($2::text::json) c(id)
      CROSS JOIN LATERAL (
        SELECT position, command_size FROM ${schema}.events
         WHERE log = $1::text AND command_id = c.id AND position = command_position OFFSET 0
      ) f
      CROSS JOIN LATERAL (
        SELECT * FROM ${schema}.events
         WHERE log = $1::text AND position >= f.position AND position < f.position + f.command_size OFFSET 0
      ) e
      ORDER BY e.position
   ) found`
