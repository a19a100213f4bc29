/** What every contender can do. `prepare` and `check` run in the main process, sessions in the workers. */
import type pg from "pg"
import type { Order } from "./Scenario.ts"

/** How a worker opens a contender. */
export interface SessionOptions {
  readonly url: string
  /** Connections of this worker. */
  readonly connections: number
  /** Number of the worker, from 0. */
  readonly worker: number
}

/** An open contender in one process. */
export interface Session {
  /** Reserves all lines or nothing. `false`: refused for lack of stock. Anything else rejects. */
  reserve(order: Order): Promise<boolean>
  close(): Promise<void>
}

/** What was acknowledged to clients, over the whole life of a database. */
export interface Acknowledged {
  readonly orders: number
  readonly units: number
  /** Units of the scarce SKU, part of `units`. */
  readonly scarceUnits: number
}

/** A way to reserve stock. */
export interface Contender {
  readonly name: ContenderName
  /** Whether it decides at all, and so can be asked for the last units. */
  readonly decides: boolean
  /** Whether the number of connections is its own affair, or to be searched for. */
  readonly tunesConnections: boolean
  /** Brings an empty database to the state before the first order. */
  prepare(admin: pg.Client, url: string, stock: ReadonlyMap<string, number>): Promise<void>
  open(options: SessionOptions): Promise<Session>
  /** What is wrong with the database after a run; nothing if all is well. */
  check(admin: pg.Client, url: string, acknowledged: Acknowledged): Promise<ReadonlyArray<string>>
}

/** In the order of the report. */
export const contenderNames = [
  "holdfast",
  "sql-transaction",
  "sql-statement",
  "sql-for-update",
  "sql-serializable",
  "raw-insert"
] as const

export type ContenderName = (typeof contenderNames)[number]

/** A sentence if two numbers differ. */
export const differs = (what: string, is: number, should: number): ReadonlyArray<string> =>
  is === should ? [] : [`${what}: ${is} in the database, ${should} expected`]
