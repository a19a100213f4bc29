/** Reads PostgreSQL's wire protocol as it goes through a `TcpProxy`, to count what a client really does. */
import type { Chunk } from "./TcpProxy.ts"

/** What clients have sent to the server. */
export interface Sent {
  /** Messages that ask for an answer and end a round trip: Sync and Query. */
  roundTrips: number
  /** Texts of statements that were parsed, or sent as a simple query, in order. Prepared statements come only once. */
  readonly statements: Array<string>
}

const lengthBytes = 4

/** Splits the bytes from the client into messages, per connection. Without TLS. */
export class PostgresTraffic {
  sent: Sent = { roundTrips: 0, statements: [] }
  readonly #rest = new Map<number, Buffer>()
  readonly #started = new Set<number>()
  readonly #joinsLate: boolean

  /** `started`: the connections it will see are open by now, so that their first message, which has no type, is past. */
  constructor(options: { readonly started: boolean } = { started: false }) {
    this.#joinsLate = options.started
  }

  /** Takes a chunk; returns the type bytes of the messages that it completes, as one string such as `BES`. */
  see(chunk: Chunk): string {
    if (chunk.towards !== "server") return ""
    let bytes = Buffer.concat([this.#rest.get(chunk.connection) ?? Buffer.alloc(0), chunk.bytes])
    let types = ""
    for (;;) {
      // The first message has no type byte.
      const typeBytes = this.#joinsLate || this.#started.has(chunk.connection) ? 1 : 0
      if (bytes.length < typeBytes + lengthBytes) break
      const end = typeBytes + bytes.readUInt32BE(typeBytes)
      if (bytes.length < end) break
      if (typeBytes === 0) this.#started.add(chunk.connection)
      else types += this.#count(String.fromCharCode(bytes[0] as number), bytes.subarray(1 + lengthBytes, end))
      bytes = bytes.subarray(end)
    }
    this.#rest.set(chunk.connection, bytes)
    return types
  }

  /** Forgets what was counted so far. */
  reset(): void {
    this.sent = { roundTrips: 0, statements: [] }
  }

  #count(type: string, body: Buffer): string {
    if (type === "S" || type === "Q") this.sent.roundTrips++
    if (type === "Q") this.sent.statements.push(textUntilNull(body, 0))
    // Parse: the statement's name, then its text.
    if (type === "P") this.sent.statements.push(textUntilNull(body, body.indexOf(0) + 1))
    return type
  }
}

const textUntilNull = (bytes: Buffer, from: number): string => bytes.toString("utf8", from, bytes.indexOf(0, from))
