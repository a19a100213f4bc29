/** The bytes of a file, unpacked if they are gzip, as far as they can be read. */
import { createReadStream } from "node:fs"
import { constants, createGunzip } from "node:zlib"

/** The input ended or broke before its end. What came before it was delivered. */
export class DamagedInput extends Error {}

/** Compressed bytes unpacked at once. They can become a thousand times as many. */
const packedBytes = 16 * 1024

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Reads a file in chunks. Whether it is packed is told by its first bytes, not by its name. Throws `DamagedInput` at the end of what is readable. */
export async function* readBytes(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  let unpack: Unpacker | undefined
  let first = true
  const source = createReadStream(file, { highWaterMark: packedBytes })
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (first && isGzip(chunk)) unpack = new Unpacker()
      first = false
      if (unpack === undefined) yield chunk
      else {
        yield* await unpack.push(chunk)
        if (unpack.failure !== undefined) break
      }
    }
    if (unpack !== undefined) yield* await unpack.end()
  } catch (error) {
    throw new DamagedInput(`the file cannot be read on: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    unpack?.destroy()
  }
  if (unpack?.failure !== undefined) throw new DamagedInput(describe(unpack.failure))
}

const describe = (failure: NodeJS.ErrnoException): string =>
  failure.code === "Z_BUF_ERROR" ? "the gzip data is truncated" : `the gzip data is damaged (${failure.message})`

/**
 * gunzip, a chunk at a time. A pipe would drop what is unpacked but not yet read when it meets damage; here every chunk's
 * output is collected before the next one goes in.
 */
class Unpacker {
  readonly #gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH })
  #output: Array<Uint8Array> = []
  #settled = () => {}
  failure: NodeJS.ErrnoException | undefined

  constructor() {
    this.#gunzip.on("data", (chunk: Uint8Array) => this.#output.push(chunk))
    this.#gunzip.on("error", (error) => {
      this.failure = error
      this.#settled()
    })
  }

  push(chunk: Uint8Array): Promise<Array<Uint8Array>> {
    return this.#collect((done) => this.#gunzip.write(chunk, done))
  }

  /** Says that there is no more; a stream that expected more fails now. */
  end(): Promise<Array<Uint8Array>> {
    return this.#collect((done) => this.#gunzip.once("end", done).end())
  }

  destroy(): void {
    this.#gunzip.destroy()
  }

  async #collect(feed: (done: () => void) => void): Promise<Array<Uint8Array>> {
    if (this.failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#settled = resolve
        // What was unpacked reaches the "data" listener within this turn of the event loop.
        feed(() => setImmediate(resolve))
      })
    }
    const output = this.#output
    this.#output = []
    return output
  }
}
