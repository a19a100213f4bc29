/**
 * Reserving by hand, four ways. Each is written as an expert would: statements prepared, those that need no answer in
 * between sent together (`pipeline`), rows locked in order of SKU, as many connections as a search found best.
 */
import pg from "pg"
import { type Order, scarceSku } from "../model/Scenario.ts"
import type { Contender, ContenderName, Session, SessionOptions } from "../model/Contender.ts"
import { decide, insertReservation, readStock, takeAndInsert, takeUnits, writeStock } from "./statements.ts"
import { checkTables, prepareTables } from "./tables.ts"

type Reserve = (client: pg.ClientBase, order: Order) => Promise<boolean>

/** Runs each reservation on a connection of its own for as long as it takes. */
const pooled = async ({ url, connections }: SessionOptions, reserve: Reserve): Promise<Session> => {
  const pool = new pg.Pool({ connectionString: url, max: connections, pipeline: true })
  return {
    reserve: async (order) => {
      const client = await pool.connect()
      try {
        const reserved = await reserve(client, order)
        client.release()
        return reserved
      } catch (error) {
        client.release(true)
        throw error
      }
    },
    close: () => pool.end()
  }
}

/** Sends single statements down the connections in turn, without waiting for the one before. */
const streamed = async ({ url, connections }: SessionOptions, reserve: Reserve): Promise<Session> => {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url, pipeline: true }))
  await Promise.all(clients.map((client) => client.connect()))
  let turn = 0
  return {
    reserve: (order) => reserve(clients[turn++ % clients.length] as pg.Client, order),
    close: async () => {
      await Promise.all(clients.map((client) => client.end()))
    }
  }
}

/** BEGIN; conditional UPDATE; INSERT; COMMIT: two round trips. */
const inTransaction: Reserve = async (client, order) => {
  const [, taken] = await Promise.all([client.query("BEGIN"), client.query(takeUnits(order))])
  if (taken.rowCount !== order.lines.length) {
    await client.query("ROLLBACK")
    return false
  }
  await Promise.all([client.query(insertReservation(order)), client.query("COMMIT")])
  return true
}

/** The same as one statement, and one round trip. */
const inStatement: Reserve = async (client, order) =>
  (await client.query(takeAndInsert(order))).rowCount === order.lines.length

interface StockRow {
  readonly sku: string
  readonly available: number
}

/** BEGIN; SELECT … FOR UPDATE; decide here; UPDATE; INSERT; COMMIT: two round trips. */
const underLock: Reserve = async (client, order) => {
  const [, found] = await Promise.all([client.query("BEGIN"), client.query<StockRow>(readStock(order, true))])
  const left = decide(order, found.rows)
  if (left === undefined) {
    await client.query("ROLLBACK")
    return false
  }
  await Promise.all([client.query(writeStock(left)), client.query(insertReservation(order)), client.query("COMMIT")])
  return true
}

/** What PostgreSQL answers when a serializable transaction, or a lock, met another. */
const retryable = new Set(["40001", "40P01"])

/** Longest pause before a retry, in milliseconds. */
const pauseMsMax = 64

/** Read, decide, write at SERIALIZABLE; again after a pause that grows, with jitter, until it goes through. */
const serializable: Reserve = async (client, order) => {
  for (let attempt = 0; ; attempt++) {
    const outcomes = await attemptSerializable(client, order)
    if (outcomes !== "retry") return outcomes
    await new Promise((resume) => setTimeout(resume, Math.random() * Math.min(pauseMsMax, 2 ** attempt)))
  }
}

const attemptSerializable = async (client: pg.ClientBase, order: Order): Promise<boolean | "retry"> => {
  const run = async (
    ...queries: ReadonlyArray<Promise<pg.QueryResult>>
  ): Promise<pg.QueryResult | "retry" | undefined> => {
    const settled = await Promise.allSettled(queries)
    const failures = settled.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []))
    const [first] = failures
    if (first !== undefined) {
      if (!retryable.has((first as pg.DatabaseError).code ?? "")) throw first
      await client.query("ROLLBACK")
      return "retry"
    }
    return settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])).at(-1)
  }
  const found = await run(client.query("BEGIN ISOLATION LEVEL SERIALIZABLE"), client.query(readStock(order, false)))
  if (found === "retry") return "retry"
  const left = decide(order, (found?.rows ?? []) as ReadonlyArray<StockRow>)
  if (left === undefined) {
    await client.query("ROLLBACK")
    return false
  }
  const written = await run(
    client.query(writeStock(left)),
    client.query(insertReservation(order)),
    client.query("COMMIT")
  )
  return written === "retry" ? "retry" : true
}

const handWritten = (
  name: ContenderName,
  open: (options: SessionOptions, reserve: Reserve) => Promise<Session>,
  reserve: Reserve
): Contender => ({
  name,
  decides: true,
  tunesConnections: true,
  prepare: (admin, _url, stock) => prepareTables(admin, stock),
  open: (options) => open(options, reserve),
  check: (admin, _url, acknowledged) => checkTables(admin, acknowledged, scarceSku)
})

export const sqlTransaction = handWritten("sql-transaction", pooled, inTransaction)
export const sqlStatement = handWritten("sql-statement", streamed, inStatement)
export const sqlForUpdate = handWritten("sql-for-update", pooled, underLock)
export const sqlSerializable = handWritten("sql-serializable", pooled, serializable)
