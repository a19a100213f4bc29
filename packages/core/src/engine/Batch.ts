/** What goes into one batch: each command once, and no more than one commit should write. */
import { Exit, type Tracer } from "effect"
import type { Entry } from "./Entry.ts"
import type { Receipts } from "./Receipts.ts"
import { repeated, type Settlement } from "./settle.ts"

/** Rows that the commands of one batch may touch, roughly: a bound on the size of one commit. */
const batchWeightMax = 20_000

/** What a batch is made with. */
export interface BatchOptions {
  readonly span: Tracer.Span
  /** A part of `span`: the wait for the commit before. */
  readonly waiting: Tracer.Span | undefined
  /** By the stopwatch, in milliseconds. */
  readonly startedAt: number
  /** About how many rows a command touches. */
  readonly weigh: (entry: Entry) => number
  readonly sizeMax: number
  readonly receipts: Receipts
  /** The batch whose commit is on its way. */
  readonly before: Batch | undefined
}

/** A batch, open for more until it is sent. */
export class Batch {
  /** Commands to decide, each once, in the order they came. */
  readonly entries: Array<Entry> = []
  /** Repetitions of commands in this batch, each with the first. */
  readonly followers: Array<readonly [Entry, Entry]> = []
  /** Answers to repetitions of commands that are over. */
  readonly known: Array<Settlement> = []
  /** When patience for it began: later than when it was opened, if a commit before it failed. By the stopwatch, in milliseconds. */
  startedAt: number
  readonly span: Tracer.Span
  readonly #options: Omit<BatchOptions, "before">
  #before: Batch | undefined
  readonly #firsts = new Map<string, Entry>()
  #weight = 0

  constructor(options: BatchOptions) {
    this.span = options.span
    this.startedAt = options.startedAt
    const { before, ...rest } = options
    this.#options = rest
    this.#before = before
  }

  /** Commands in it, repetitions included. */
  get size(): number {
    return this.entries.length + this.followers.length + this.known.length
  }

  /**
   * Takes a command in, unless it has to wait for the next batch: when this one is full, and when its answer depends on
   * one that is not known yet, because its id is in flight or stands in this batch with another body.
   */
  admit(entry: Entry): boolean {
    const weight = this.#options.weigh(entry)
    if (this.size >= this.#options.sizeMax || (this.size > 0 && this.#weight + weight > batchWeightMax)) return false
    if (entry.supplied) {
      if (this.#before?.has(entry.commandId) === true) return false
      const first = this.#firsts.get(entry.commandId)
      if (first !== undefined && first.fingerprint !== entry.fingerprint) return false
      const known = this.#options.receipts.get(entry.commandId)
      if (known !== undefined) {
        this.known.push(repeated(entry, known.fingerprint, known.position, () => known.receipt))
        return true
      }
      if (first !== undefined) {
        this.followers.push([entry, first])
        return true
      }
      this.#firsts.set(entry.commandId, entry)
    }
    this.#weight += weight
    this.entries.push(entry)
    if (entry.span !== undefined) {
      this.span.addLinks([{ span: entry.span, attributes: {} }])
      entry.span.addLinks([{ span: this.span, attributes: { "holdfast.link": "batch" } }])
    }
    return true
  }

  has(commandId: string): boolean {
    return this.#firsts.has(commandId)
  }

  /** The commit before has landed. */
  waited(nanos: bigint): void {
    this.#options.waiting?.end(nanos, Exit.void)
  }

  /** Takes nothing more in, and lets go of the batch before. */
  close(): void {
    this.#before = undefined
    this.span.attribute("holdfast.batch.size", this.size)
  }
}
