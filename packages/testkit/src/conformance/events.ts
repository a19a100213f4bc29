/** Appends to test with: real events of the domain, at the positions they would get. */
import { type EventBody, type EventMeta, eventDefinition, type Row, type Table } from "@holdfast/core/domain"
import type { Append, StoredEvent } from "@holdfast/core/ports"

/** An instant with milliseconds that nobody rounds to by accident: 2026-02-03T04:05:06.789Z. */
export const someInstant = Date.UTC(2026, 1, 3, 4, 5, 6, 789)

/** A SKU was registered: the plainest event about one SKU. */
export const registered = (sku: string): EventBody => ({
  type: "SkuRegistered",
  version: 1,
  data: { id: sku, code: sku, tracking: "none", baseUnit: "each", scale: 0, shortage: "refuse" }
})

const place = (location: string) => ({ location, lot: "", condition: "good", owner: "self" })

/** Goods moved: about as many SKUs as it names, each as often as it likes. */
export const moved = (skus: ReadonlyArray<string>, quantity = 1): EventBody => ({
  type: "StockMoved",
  version: 1,
  data: {
    movements: skus.map((sku) => ({
      sku,
      quantity,
      from: place("here"),
      to: place("there"),
      unitCost: { amount: Number.MAX_SAFE_INTEGER, currency: "EUR" }
    }))
  }
})

/** A location was registered: an event about no SKU at all. */
export const located = (id: string): EventBody => ({
  type: "LocationRegistered",
  version: 1,
  data: { id, kind: "site", name: null, parent: "world" }
})

/** A command of an append, with what it led to. */
export interface CommandOf {
  readonly id: string
  readonly events: ReadonlyArray<EventBody>
  readonly fingerprint?: string
  readonly effectiveAt?: number
  readonly meta?: EventMeta
}

/** Rows of one table. */
export interface RowsOf {
  readonly table: Table<Row>
  readonly rows: ReadonlyArray<Row>
}

/** Everything about an append but its place in the log. */
export interface AppendOf {
  readonly commands: ReadonlyArray<CommandOf>
  readonly rows?: ReadonlyArray<RowsOf>
  readonly recordedAt?: number
}

/** The append of some commands after a position. */
export const appendOf = (expected: number, { commands, rows = [], recordedAt = someInstant }: AppendOf): Append => {
  const events: Array<StoredEvent> = []
  for (const command of commands) {
    const commandPosition = expected + events.length + 1
    for (const body of command.events) {
      events.push({
        ...body,
        position: expected + events.length + 1,
        commandId: command.id,
        commandPosition,
        skus: eventDefinition(body.type).skus(body.data),
        effectiveAt: command.effectiveAt ?? recordedAt,
        recordedAt,
        meta: command.meta ?? {},
        fingerprint: command.fingerprint ?? `fingerprint of ${command.id}`
      })
    }
  }
  return { expected, recordedAt, events, rows }
}

/** An append of one command with one event. */
export const oneCommand = (expected: number, id: string, rows: ReadonlyArray<RowsOf> = []): Append =>
  appendOf(expected, { commands: [{ id, events: [registered(`sku of ${id}`)] }], rows })
