/**
 * Lets the PostgreSQL wire client talk to PGlite inside this process: a Duplex that hands whole wire messages to PGlite
 * and gives back the bytes of its answers. So the embedded journal runs the very code that the server's does.
 */
import { Duplex } from "node:stream"

/** The part of PGlite that is used. */
export interface WireDatabase {
  execProtocolRaw(message: Uint8Array, options?: { readonly syncToFs?: boolean }): Promise<Uint8Array>
}

/** Bytes of a message's length field, which counts itself but not the type byte before it. */
const lengthBytes = 4

/** Code of an SSLRequest, sent in place of a protocol version. */
const sslRequest = 80_877_103

const terminate = "X".charCodeAt(0)

/** See the top of the file. One connection; PGlite answers one message group at a time. */
export class PgliteDuplex extends Duplex {
  readonly #database: WireDatabase
  #buffered: Buffer = Buffer.alloc(0)
  #started = false

  constructor(database: WireDatabase) {
    super()
    this.#database = database
  }

  override _read(): void {
    // Answers are pushed as they come; the client reads all it asked for.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk])
    this.#exchange().then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null)
    done()
  }

  async #exchange(): Promise<void> {
    if (!this.#started && !(await this.#start())) return
    const { end, goodbye } = wholeMessages(this.#buffered)
    const messages = this.#buffered.subarray(0, end)
    this.#buffered = this.#buffered.subarray(end)
    if (messages.length > 0) await this.#send(messages)
    if (goodbye) this.push(null)
  }

  /** The first message has no type byte. */
  async #start(): Promise<boolean> {
    if (this.#buffered.length < 2 * lengthBytes) return false
    const length = this.#buffered.readUInt32BE(0)
    if (this.#buffered.length < length) return false
    const code = this.#buffered.readUInt32BE(lengthBytes)
    const startup = this.#buffered.subarray(0, length)
    this.#buffered = this.#buffered.subarray(length)
    if (code === sslRequest) {
      this.push("N")
      return false
    }
    this.#started = true
    await this.#send(startup)
    return true
  }

  async #send(messages: Buffer): Promise<void> {
    const answer = await this.#database.execProtocolRaw(messages, { syncToFs: true })
    // PGlite answers within microtasks. Without a turn of the event loop, a caller that asks again at once would keep
    // timers and sockets of the whole process from ever running.
    await new Promise((resolve) => setImmediate(resolve))
    if (answer.length > 0) this.push(Buffer.from(answer))
  }
}

/** Where the last whole message of a buffer ends, and whether the one after it is the client's goodbye. */
const wholeMessages = (buffer: Buffer): { readonly end: number; readonly goodbye: boolean } => {
  let end = 0
  while (buffer.length >= end + 1 + lengthBytes) {
    const next = end + 1 + buffer.readUInt32BE(end + 1)
    if (next > buffer.length) break
    if (buffer[end] === terminate) return { end, goodbye: true }
    end = next
  }
  return { end, goodbye: false }
}
