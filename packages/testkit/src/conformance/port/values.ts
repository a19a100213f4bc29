/** Claims about values: what comes back is what was given, to the last bit. */
import { strict as assert } from "node:assert"
import { keyOf, tables } from "@holdfast/core/domain"
import type { Event } from "@holdfast/core/domain"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, located, moved, oneCommand, registered, someInstant } from "../events.ts"
import { assertSameList, look, readAll, withoutFingerprint } from "../look.ts"
import { byKeyOf, sampleRows } from "../rows.ts"
import { awkwardTexts } from "../texts.ts"

const largest = Number.MAX_SAFE_INTEGER

export const valueClaims = about("values", [
  ...tables.map((table) =>
    claim(
      `every column of ${table.name} comes back as it was written, by key and in a snapshot`,
      ({ journal, newLog }) =>
        Effect.gen(function* () {
          const log = newLog()
          yield* journal.head(log)
          const rows = byKeyOf(table, sampleRows(table))
          yield* journal.append(log, oneCommand(0, "a", [{ table, rows }]))
          assertSameList((yield* look(journal, log)).rows[table.name] ?? [], rows, "in a snapshot")
          if (table.appendOnly) return
          const keys = rows.map((row) => keyOf(table, row))
          const loaded = yield* journal.load(log, { rows: [{ table, keys }], groups: [], expiring: 0 })
          assertSameList(byKeyOf(table, loaded.rows[0] ?? []), rows, "loaded by key")
        })
    )
  ),

  claim(
    "events keep their type, version, data, meta and SKUs: texts, nesting, null, numbers up to 2^53 − 1",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const lines = awkwardTexts.map((sku, index) => ({
          sku,
          scope: "world",
          exactly: index % 2 === 0,
          quantity: largest - index,
          backordered: 0
        }))
        const meta = {
          actor: "Zo\u00eb \ud83d\udce6",
          reasonCode: 'it\'s "quoted" \\ 100%',
          reference: "x".repeat(200),
          correlationId: "null",
          causationId: "{}"
        }
        const append = appendOf(0, {
          commands: [
            ...awkwardTexts.map((text) => ({ id: text, events: [registered(text)], meta: { actor: text } })),
            { id: "no SKU at all", events: [located("caf\u00e9")] },
            { id: "one SKU twice", events: [moved(["a", "a"], largest)], meta },
            {
              id: "many SKUs",
              events: [
                {
                  type: "ReservationMade",
                  version: 1,
                  data: { id: "r", owner: "o", priority: -largest, expiresAt: largest, extendableUntil: largest, lines }
                }
              ]
            }
          ]
        })
        yield* journal.append(log, append)
        const found: ReadonlyArray<Event> = yield* readAll(journal, log)
        // SKUs that an event names twice may be told once.
        const comparable = (event: Event) => ({ ...withoutFingerprint(event), skus: [...new Set(event.skus)] })
        assertSameList(found.map(comparable), append.events.map(comparable), "read")
      })
  ),

  claim(
    "effectiveAt and recordedAt are kept to the millisecond, in the past and in the future",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const instants = [
          0,
          1,
          -1,
          -86_400_001,
          999,
          someInstant,
          someInstant + 1,
          253_402_300_799_999,
          8_640_000_000_000_000
        ]
        let position = 0
        for (const [index, effectiveAt] of instants.entries()) {
          const recordedAt = someInstant + index
          yield* journal.append(
            log,
            appendOf(position, { recordedAt, commands: [{ id: `c${index}`, events: [registered("a")], effectiveAt }] })
          )
          position++
          assert.deepEqual(yield* journal.head(log), { position, recordedAt })
        }
        const events: ReadonlyArray<Event> = yield* readAll(journal, log)
        assert.deepEqual(
          events.map((event) => event.effectiveAt),
          instants
        )
        assert.deepEqual(
          events.map((event) => event.recordedAt),
          instants.map((_, index) => someInstant + index)
        )
      })
  )
])
