/** The PostgreSQL that everybody is measured on: a private one from npm, or the one a URL names. */
import { startPrivatePostgres } from "@holdfast/testkit/services"
import pg from "pg"

/** A server to measure on. */
export interface Server {
  /** Of its maintenance database. */
  readonly url: string
  /** Where it comes from, for the report. */
  readonly source: string
  stop(): Promise<void>
}

/** The server of a URL, or a private one with default settings (the testkit raises only the number of connections). */
export const openServer = async (url: string | undefined): Promise<Server> => {
  if (url !== undefined) return { url, source: "given by --url", stop: async () => {} }
  const server = await startPrivatePostgres({ announce: () => {} })
  // The port says nothing that a reader of the report could use.
  return { url: server.url, source: server.source.replace(/, port \d+$/, ""), stop: () => server.stop() }
}

/** Runs something with a connection. */
export const withClient = async <A>(url: string, use: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

let databases = 0

/** An empty database for one run; gone afterwards. */
export const withDatabase = async <A>(server: Server, use: (url: string) => Promise<A>): Promise<A> => {
  const name = `holdfast_bench_${process.pid}_${databases++}`
  await withClient(server.url, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE template0`))
  const url = new URL(server.url)
  url.pathname = `/${name}`
  try {
    return await use(url.href)
  } finally {
    await withClient(server.url, (admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`))
  }
}

/** Settings that decide about durability and speed, as the server has them. */
const reported = [
  "server_version",
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_level",
  "shared_buffers",
  "max_wal_size",
  "max_connections",
  "autovacuum",
  "jit"
] as const

/** The server's settings, by name. Refuses a server that would not keep what it acknowledges. */
export const settingsOf = async (server: Server): Promise<Readonly<Record<string, string>>> =>
  withClient(server.url, async (admin) => {
    const settings: Record<string, string> = {}
    for (const name of reported) {
      const { rows } = await admin.query<{ value: string }>("SELECT current_setting($1) AS value", [name])
      settings[name] = rows[0]?.value ?? "?"
    }
    for (const name of ["fsync", "synchronous_commit"]) {
      if (settings[name] !== "on")
        throw new Error(`the server has ${name} = ${settings[name]}; durable commits are part of the comparison`)
    }
    return settings
  })
