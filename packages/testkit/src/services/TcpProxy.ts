/**
 * A TCP proxy that a test puts between a client and a server: it sees every chunk, and may delay it, swallow it, or
 * reset the connection. It knows nothing about the protocol; see `PostgresTraffic` for what the bytes of one mean.
 */
import { createServer, connect, type Server, type Socket, type AddressInfo } from "node:net"

/** Some bytes on their way. One message may come in several chunks, and several in one. */
export interface Chunk {
  /** 1 for the first connection, and so on. */
  readonly connection: number
  readonly towards: "server" | "client"
  readonly bytes: Buffer
}

/**
 * What becomes of a chunk: `swallow` drops it and leaves the connection open, as a network that has broken in the middle
 * does (half-open when only one direction is swallowed); `reset` drops it and resets both sides. A delayed chunk arrives
 * later, and all that follows it in its direction; with `orphaned` its sender's side is reset at once, and it arrives all
 * the same, as the last thing on that connection.
 */
export type Fate = "pass" | "swallow" | "reset" | { readonly delayMs: number; readonly orphaned?: true }

/** Decides about chunks, one after the other. */
export type Policy = (chunk: Chunk) => Fate

const passAll: Policy = () => "pass"

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** See the top of the file. */
export class TcpProxy {
  /** Decides what becomes of each chunk. May be replaced at any time. */
  policy: Policy = passAll
  readonly #listener: Server
  readonly #pairs = new Set<Pair>()
  readonly #target: { readonly host: string; readonly port: number }
  #connections = 0

  private constructor(listener: Server, target: { readonly host: string; readonly port: number }) {
    this.#listener = listener
    this.#target = target
    listener.on("connection", (client) => this.#join(client))
  }

  /** Opens a proxy to a host and port, on a free port of the loopback address. */
  static async to(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const listener = createServer()
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject)
      listener.listen(0, "127.0.0.1", resolve)
    })
    return new TcpProxy(listener, target)
  }

  /** Opens a proxy to the server of a url. */
  static toUrl(url: string, defaultPort = 5432): Promise<TcpProxy> {
    const { hostname, port } = new URL(url)
    return TcpProxy.to({ host: hostname, port: port === "" ? defaultPort : Number(port) })
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** How many connections clients have made so far. */
  get connections(): number {
    return this.#connections
  }

  /** The same url, by way of this proxy. */
  through(url: string): string {
    const by = new URL(url)
    by.hostname = "127.0.0.1"
    by.port = String(this.port)
    return by.href
  }

  /** Lets everything pass again. What was swallowed stays lost. */
  heal(): void {
    this.policy = passAll
  }

  /** Resets every open connection on both sides (TCP RST, not an orderly end). */
  resetAll(): void {
    for (const pair of this.#pairs) this.#reset(pair)
  }

  /** Refuses new connections and resets the open ones. */
  async close(): Promise<void> {
    this.resetAll()
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #join(client: Socket): void {
    const pair: Pair = { client, server: connect(this.#target) }
    const connection = ++this.#connections
    this.#pairs.add(pair)
    this.#forward(pair, connection, "server")
    this.#forward(pair, connection, "client")
  }

  #forward(pair: Pair, connection: number, towards: Chunk["towards"]): void {
    const [from, to] = towards === "server" ? [pair.client, pair.server] : [pair.server, pair.client]
    // Chunks of one direction keep their order, however long one of them is delayed.
    let before = Promise.resolve()
    from.setNoDelay(true)
    from.on("data", (bytes: Buffer) => {
      const fate = this.policy({ connection, towards, bytes })
      if (fate === "swallow") return
      if (fate === "reset") return this.#reset(pair)
      const send = () => {
        if (!to.destroyed && to.writable) to.write(bytes)
      }
      if (fate === "pass") before = before.then(send)
      else before = before.then(() => new Promise<void>((resolve) => setTimeout(resolve, fate.delayMs))).then(send)
      // The other side is ended behind what is still on its way, when this one has closed.
      if (fate !== "pass" && fate.orphaned === true) from.resetAndDestroy()
    })
    from.on("end", () => {
      before = before.then(() => {
        to.end()
      })
    })
    // A side that breaks takes the other with it, as a wire would.
    from.on("error", () => this.#reset(pair))
    from.on("close", () => {
      this.#pairs.delete(pair)
      before.then(() => to.destroy())
    })
  }

  #reset(pair: Pair): void {
    this.#pairs.delete(pair)
    for (const socket of [pair.client, pair.server]) {
      // A socket that is still connecting cannot be reset.
      if (socket.connecting) socket.destroy()
      else if (!socket.destroyed) socket.resetAndDestroy()
    }
  }
}
