/** A PostgreSQL server of our own. */
import { randomBytes } from "node:crypto"
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PrivateServer, type ServerProgram } from "../PrivateServer.ts"
import { freePort, runProgram, serverOwner } from "../processes.ts"
import { Databases, statement } from "./admin.ts"
import type { Binaries } from "./binaries.ts"
import type { PostgresService } from "./PostgresService.ts"

/** Settings of postgresql.conf, by name: `{ statement_timeout: "5s" }`. */
export type PostgresSettings = Readonly<Record<string, string>>

/**
 * A server that nobody else uses, so that it can be mistreated. Everything in `PostgresService` holds; the url stays the
 * same over restarts.
 */
export interface PrivatePostgres extends PostgresService {
  /** SIGKILL for all of the server's processes: as if the machine's power had failed, but for the operating system's cache. */
  kill(): Promise<void>
  /** Starts the server again on its data, after it was stopped in the usual way first if it runs. */
  restart(): Promise<void>
  /** SIGSTOP for all of the server's processes: connections stay open, and nothing is answered. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): Promise<void>
  /** What the server has logged. */
  log(): string
}

/** Users that Debian's package and every Unix have. PostgreSQL never runs as root. */
const unprivileged = ["postgres", "nobody"]

/** How often a port that somebody else took meanwhile is replaced. */
const portAttemptsMax = 5

/** Most connections: many engines with pools of their own run against one server. */
const connectionsMax = "300"

/** Makes a data folder and starts a server on it. fsync stays on: durability is one of the things under test. */
export const startPrivateServer = async (binaries: Binaries, settings: PostgresSettings): Promise<PrivatePostgres> => {
  const owner = await serverOwner(unprivileged)
  const server = new PrivateServer("postgres", owner, "SIGINT")
  try {
    const folder = binaries.install(server.folder, owner)
    const password = randomBytes(12).toString("hex")
    await initialise(folder, server, password)
    const port = await startOnFreePort(folder, server, settings)
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
    const [version] = await statement<{ server_version: string }>(url, "SHOW server_version")
    const databases = new Databases(url)
    return {
      url,
      source: `${version?.server_version ?? "?"}, private, ${binaries.source}, port ${port}`,
      createDatabase: () => databases.create(),
      stop: () => server.stop(),
      kill: () => server.kill(),
      restart: async () => {
        await server.halt()
        await server.start(program(folder, server, settings, port))
      },
      pause: () => server.pause(),
      resume: () => server.resume(),
      log: () => server.log
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

const dataOf = (server: PrivateServer): string => join(server.folder, "data")

/** The environment without what would lead PostgreSQL's programs elsewhere. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_"))
  ),
  LC_ALL: "C"
})

const initialise = async (folder: string, server: PrivateServer, password: string): Promise<void> => {
  const passwordFile = join(server.folder, "password")
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (server.owner !== undefined) chownSync(passwordFile, server.owner.uid, server.owner.gid)
  await runProgram(
    join(folder, "initdb"),
    [
      `--pgdata=${dataOf(server)}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--no-locale",
      // Only initdb itself: nothing is lost that matters before the server runs.
      "--no-sync"
    ],
    { owner: server.owner, environment: environment(), folder: server.folder }
  )
}

const startOnFreePort = async (folder: string, server: PrivateServer, settings: PostgresSettings): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      await server.start(program(folder, server, settings, port))
      return port
    } catch (error) {
      if (attempt === portAttemptsMax || !server.log.includes("could not bind")) throw error
    }
  }
}

const program = (folder: string, server: PrivateServer, settings: PostgresSettings, port: number): ServerProgram => {
  const sockets = join(server.folder, "sockets")
  mkdirSync(sockets, { recursive: true })
  if (server.owner !== undefined) chownSync(sockets, server.owner.uid, server.owner.gid)
  const all: PostgresSettings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: process.platform === "win32" ? "" : sockets,
    max_connections: connectionsMax,
    fsync: "on",
    synchronous_commit: "on",
    ...settings
  }
  return {
    file: join(folder, "postgres"),
    parameters: ["-D", dataOf(server), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    environment: environment(),
    isReady: (pid) => isReady(dataOf(server), pid)
  }
}

/** As pg_ctl finds out: the server itself notes its state on the eighth line of its lock file, whose first is its id. */
const isReady = (data: string, pid: number): boolean => {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
    return Number(lines[0]) === pid && (lines[7] ?? "").startsWith("ready")
  } catch {
    return false
  }
}
