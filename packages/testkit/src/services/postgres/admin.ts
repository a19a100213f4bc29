/** The few statements that the resolver itself sends to a server. */
import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"

/** Sends one statement over a connection of its own. Rejects with the server's own words. */
export const statement = <R extends object>(url: string, text: string): Promise<ReadonlyArray<R>> =>
  PgClient.make({
    url: Redacted.make(url),
    applicationName: "holdfast-testkit",
    maxConnections: 1,
    connectTimeout: 10_000
  }).pipe(
    Effect.flatMap((sql) => sql.unsafe<R>(text)),
    Effect.mapError((error) => new Error(serverWords(error), { cause: error })),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.runPromise
  )

const serverWords = (error: { readonly message: string; readonly reason?: { readonly cause?: unknown } }): string => {
  const cause = error.reason?.cause
  return cause instanceof Error ? cause.message : error.message
}

/** The databases made on one server, so that they can be dropped from a server that is not ours. */
export class Databases {
  readonly #url: string
  readonly #names = new Set<string>()

  constructor(url: string) {
    this.#url = url
  }

  /** The url of a new, empty database. */
  async create(): Promise<string> {
    const name = `holdfast_test_${randomBytes(8).toString("hex")}`
    await statement(this.#url, `CREATE DATABASE ${name} TEMPLATE template0`)
    this.#names.add(name)
    const url = new URL(this.#url)
    url.pathname = `/${name}`
    return url.href
  }

  /** Drops all of them, whoever is still connected. */
  async drop(): Promise<void> {
    for (const name of this.#names) await statement(this.#url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    this.#names.clear()
  }
}
