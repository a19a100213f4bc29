/** Cuts bytes into lines of text: LF or CRLF, UTF-8 with or without a byte order mark, of bounded length. */
import { isUtf8 } from "node:buffer"
import { DamagedInput } from "./bytes.ts"

/** One line, or why it cannot be read as text. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: string; readonly detail?: string }

/** Longest line, in bytes. What is longer is skipped without being kept. */
export const lineBytesMax = 64 * 1024

const newline = 0x0a
const carriageReturn = 0x0d

/** The lines of a file, in one list per chunk. A last line that damage cut short is no line: half a number is a wrong number. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Array<Line>, void, undefined> {
  const cutter = new LineCutter()
  try {
    for await (const chunk of chunks) yield cutter.cut(chunk)
  } catch (error) {
    if (!(error instanceof DamagedInput)) throw error
    yield [cutter.damaged(error.message)]
    return
  }
  const last = cutter.end()
  if (last !== undefined) yield [last]
}

class LineCutter {
  #number = 1
  /** The beginning of a line whose end has not come yet. */
  #rest: Array<Uint8Array> = []
  #restBytes = 0

  cut(chunk: Uint8Array): Array<Line> {
    const lines: Array<Line> = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(newline, start)
      if (end < 0) break
      lines.push(this.#take(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  end(): Line | undefined {
    return this.#restBytes === 0 ? undefined : this.#take(new Uint8Array(0))
  }

  damaged(reason: string): Line {
    return {
      number: this.#number,
      problem: reason,
      detail: this.#restBytes === 0 ? "nothing follows" : "this line is cut off"
    }
  }

  #keep(part: Uint8Array): void {
    this.#restBytes += part.length
    if (this.#restBytes <= lineBytesMax) this.#rest.push(part)
    else this.#rest = []
  }

  #take(part: Uint8Array): Line {
    const number = this.#number++
    const bytes = this.#restBytes + part.length
    const whole = this.#rest.length === 0 ? part : Buffer.concat([...this.#rest, part])
    this.#rest = []
    this.#restBytes = 0
    if (bytes > lineBytesMax) return { number, problem: "the line is too long", detail: `${bytes} bytes` }
    if (!isUtf8(whole)) return { number, problem: "the line is not UTF-8" }
    const end = whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length
    const text = Buffer.from(whole.buffer, whole.byteOffset, end).toString("utf8")
    return { number, text: number === 1 ? text.replace(/^\ufeff/, "") : text }
  }
}
