/**
 * One server of each kind for a whole test run, started when the first test asks for it.
 *
 * Test files run in processes of their own; the desk is a small HTTP server in the process that started them. A test
 * file asks it for a lease, and gets the address of something new and empty. What the desk has started, it ends.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type Announce, announceToStderr, type FailedTry, ServiceUnavailable } from "./ServiceUnavailable.ts"

/** A service that leases can be had from. */
interface Shared {
  /** The address of something new and empty. */
  lease(): Promise<string>
  stop(): Promise<void>
}

/** How to start each service. Loaded on demand: a run without services does not pay for their clients. */
const starters = {
  postgres: async (announce: Announce): Promise<Shared> => {
    const { startPostgres } = await import("./postgres.ts")
    const server = await startPostgres({ announce })
    return { lease: () => server.createDatabase(), stop: () => server.stop() }
  }
}

/** Names of services at the desk. */
export type ServiceName = keyof typeof starters

/** What the desk answers. */
export type DeskAnswer =
  | { readonly _tag: "Leased"; readonly address: string }
  | { readonly _tag: "Available" }
  | { readonly _tag: "Noted" }
  | { readonly _tag: "Unavailable"; readonly service: string; readonly tries: ReadonlyArray<FailedTry> }
  | { readonly _tag: "Failed"; readonly reason: string }

/** An open desk. */
export interface Desk {
  /** Where test files find it. */
  readonly address: string
  lease(service: ServiceName): Promise<string>
  /** Ends all servers, and names the services that tests were skipped for. */
  close(): Promise<void>
}

/** Opens the desk. Nothing is started yet. */
export const openDesk = async (announce: Announce = announceToStderr): Promise<Desk> => {
  const started = new Map<ServiceName, Promise<Shared>>()
  const missing = new Map<string, string>()
  const start = (name: ServiceName): Promise<Shared> => {
    const shared = started.get(name) ?? starters[name](announce)
    started.set(name, shared)
    return shared
  }
  const lease = async (name: ServiceName): Promise<string> => (await start(name)).lease()
  const answer = async (path: string, body: string): Promise<DeskAnswer> => {
    const [, request = "", name = ""] = path.split("/")
    if (request === "missing") {
      missing.set(name, body)
      return { _tag: "Noted" }
    }
    if (!isServiceName(name)) return { _tag: "Failed", reason: `there is no service ${name}` }
    try {
      if (request === "lease") return { _tag: "Leased", address: await lease(name) }
      await start(name)
      return { _tag: "Available" }
    } catch (error) {
      if (!(error instanceof ServiceUnavailable)) return { _tag: "Failed", reason: String(error) }
      return { _tag: "Unavailable", service: error.service, tries: error.tries }
    }
  }
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      body += chunk
    })
    request.on("end", () => {
      answer(request.url ?? "/", body).then(
        (answered) => reply(response, answered),
        (error: unknown) => reply(response, { _tag: "Failed", reason: String(error) })
      )
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  server.unref()
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lease,
    close: async () => {
      server.close()
      server.closeAllConnections()
      const all = await Promise.allSettled(started.values())
      for (const shared of all) if (shared.status === "fulfilled") await shared.value.stop()
      for (const message of missing.values()) announce(`SKIPPED tests: ${message}`)
    }
  }
}

const isServiceName = (name: string): name is ServiceName => Object.hasOwn(starters, name)

const reply = (response: ServerResponse, answer: DeskAnswer): void => {
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify(answer))
}
