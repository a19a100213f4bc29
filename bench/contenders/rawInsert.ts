/**
 * The limit: the rows that Holdfast writes for reservations, into the same tables with the same indexes, in batches
 * that grow the same way, and nothing else. Nothing is validated, loaded, decided or looked up. Each process writes a
 * log of its own, so that processes do not meet.
 */
import { migrate } from "@holdfast/adapter-postgres"
import pg from "pg"
import { type Order, plentyOf, site } from "../model/Scenario.ts"
import { type Contender, differs } from "../model/Contender.ts"
import { lifetimeMs } from "./tables.ts"

const schema = "holdfast"

const batchMax = 1_000

/** Most processes that take part. */
const workersMax = 4

/** The log of a process. */
const logOf = (worker: number): string => `raw-${worker}`

const insertBatch = `
  WITH head AS (
    UPDATE ${schema}.logs SET position = $2::bigint, recorded_at = $3::bigint WHERE log = $1::text RETURNING log
  ), new_events AS (
    INSERT INTO ${schema}.events (log, position, command_id, command_position, command_size, type, version, sku, data, meta,
                                  effective_at, recorded_at, fingerprint)
    SELECT head.log, e.position, e.id, e.position, 1, 'ReservationMade', 1, e.sku, e.data::json, '{}', $3::bigint, $3::bigint, e.fingerprint
      FROM head, unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[]) AS e(position, id, sku, data, fingerprint)
  ), new_event_skus AS (
    INSERT INTO ${schema}.event_skus (log, sku, position)
    SELECT head.log, s.sku, s.position FROM head, unnest($9::text[], $10::bigint[]) AS s(sku, position)
  ), new_reservations AS (
    INSERT INTO ${schema}.reservations (log, id, owner, status, priority, created_at, expires_at, extendable_until, lines, history, position)
    SELECT head.log, r.id, 'bench', 'active', 0, $3::bigint, $11::bigint, $12::bigint, r.lines::json, json_build_array(r.position), r.position
      FROM head, unnest($4::bigint[], $5::text[], $13::text[]) AS r(position, id, lines)
  ), new_levels AS (
    INSERT INTO ${schema}.levels (log, sku, location, own_on_hand, own_held, own_allocated, own_free, claimed_exactly,
                                  claimed_within, child_room, on_hand, held, allocated, reserved, unsellable)
    SELECT head.log, l.sku, l.location, ${plentyOf}, 0, 0, ${plentyOf}, 0, l.claimed, 0, ${plentyOf}, 0, 0, l.claimed, 0
      FROM head, unnest($14::text[], $15::text[], $16::bigint[]) AS l(sku, location, claimed)
    ON CONFLICT (log, sku, location) DO UPDATE SET
      own_on_hand = excluded.own_on_hand, own_held = excluded.own_held, own_allocated = excluded.own_allocated,
      own_free = excluded.own_free, claimed_exactly = excluded.claimed_exactly, claimed_within = excluded.claimed_within,
      child_room = excluded.child_room, on_hand = excluded.on_hand, held = excluded.held, allocated = excluded.allocated,
      reserved = excluded.reserved, unsellable = excluded.unsellable
  )
  SELECT log FROM head`

interface Waiting {
  readonly order: Order
  readonly resolve: (reserved: boolean) => void
  readonly reject: (error: unknown) => void
}

/** One batch in flight; the next grows while it waits. */
class Inserter {
  readonly #client: pg.Client
  readonly #log: string
  readonly #claimed = new Map<string, number>()
  #position = 0
  #waiting: Array<Waiting> = []
  #busy = false

  constructor(client: pg.Client, log: string) {
    this.#client = client
    this.#log = log
  }

  reserve(order: Order): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, resolve, reject })
      if (this.#busy) return
      this.#busy = true
      // Callers of the same turn belong into one batch.
      queueMicrotask(() => void this.#drain())
    })
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchMax)
      this.#waiting = this.#waiting.slice(batchMax)
      try {
        await this.#client.query({ name: "insert-batch", text: insertBatch, values: this.#parameters(batch) })
        for (const { resolve } of batch) resolve(true)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#busy = false
  }

  #parameters(batch: ReadonlyArray<Waiting>): Array<unknown> {
    const now = Date.now()
    const expiresAt = now + lifetimeMs
    const extendableUntil = now + 86_400_000
    const positions: Array<number> = []
    const ids: Array<string> = []
    const skus: Array<string | null> = []
    const data: Array<string> = []
    const fingerprints: Array<string> = []
    const manySkus: Array<string> = []
    const manyPositions: Array<number> = []
    const lines: Array<string> = []
    const changed = new Set<string>()
    for (const { order } of batch) {
      const position = ++this.#position
      const single = order.lines.length === 1
      positions.push(position)
      ids.push(order.id)
      skus.push(single ? (order.lines[0]?.sku ?? null) : null)
      fingerprints.push("0123456789abcdefghijkl")
      const asked = order.lines.map(({ sku, quantity }) => ({
        sku,
        scope: site,
        exactly: false,
        quantity,
        backordered: 0
      }))
      data.push(JSON.stringify({ id: order.id, owner: "bench", priority: 0, expiresAt, extendableUntil, lines: asked }))
      lines.push(
        JSON.stringify(
          asked.map((line) => ({
            ...line,
            reserved: line.quantity,
            allocations: [],
            shipped: 0,
            released: 0,
            expired: 0,
            returned: 0
          }))
        )
      )
      for (const { sku, quantity } of order.lines) {
        this.#claimed.set(sku, (this.#claimed.get(sku) ?? 0) + quantity)
        changed.add(sku)
        if (single) continue
        manySkus.push(sku)
        manyPositions.push(position)
      }
    }
    const levels = [...changed].flatMap((sku) =>
      [site, "world"].map((location) => [sku, location, this.#claimed.get(sku)] as const)
    )
    const column = (index: 0 | 1 | 2) => levels.map((level) => level[index])
    return [
      this.#log,
      this.#position,
      now,
      positions,
      ids,
      skus,
      data,
      fingerprints,
      manySkus,
      manyPositions,
      expiresAt,
      extendableUntil,
      lines,
      column(0),
      column(1),
      column(2)
    ]
  }
}

export const rawInsert: Contender = {
  name: "raw-insert",
  decides: false,
  tunesConnections: false,
  prepare: async (admin, url, stock) => {
    await migrate({ url, schema })
    // Levels are there before the first order, as Holdfast's are: updates of old pages cost more WAL than new ones.
    await admin.query(
      `INSERT INTO ${schema}.levels (log, sku, location, own_on_hand, own_held, own_allocated, own_free, claimed_exactly,
                                     claimed_within, child_room, on_hand, held, allocated, reserved, unsellable)
       SELECT log, sku, location, ${plentyOf}, 0, 0, ${plentyOf}, 0, 0, 0, ${plentyOf}, 0, 0, 0, 0
         FROM unnest($1::text[]) sku, unnest($2::text[]) log, unnest($3::text[]) location`,
      [[...stock.keys()], Array.from({ length: workersMax }, (_, worker) => logOf(worker)), [site, "world"]]
    )
  },

  open: async ({ url, worker }) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const log = logOf(worker)
    await client.query(`INSERT INTO ${schema}.logs (log, position, recorded_at) VALUES ($1, 0, 0)`, [log])
    const inserter = new Inserter(client, log)
    return { reserve: (order) => inserter.reserve(order), close: () => client.end() }
  },

  check: async (admin, _url, acknowledged) => {
    const { rows } = await admin.query<Record<string, string>>(
      `SELECT count(DISTINCT (tenant, reservation)) AS orders, coalesce(sum(reserved), 0) AS units FROM ${schema}.reservation_lines`
    )
    return [
      ...differs("reservations", Number(rows[0]?.["orders"]), acknowledged.orders),
      ...differs("units", Number(rows[0]?.["units"]), acknowledged.units)
    ]
  }
}
