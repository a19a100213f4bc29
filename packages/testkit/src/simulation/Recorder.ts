/** Writes down what the callers of a simulation see, in the order in which it happens. */
import type { Event } from "@holdfast/core/domain"
import type { Answer, HistoryRecord, Request } from "../history/History.ts"

/** A record without its time. */
type Untimed<R> = R extends HistoryRecord ? Omit<R, "at" | "clock"> : never

/** See the top of the file. */
export class Recorder {
  readonly records: Array<HistoryRecord> = []
  #calls = 0
  readonly #clock: () => number

  /** @param clock the wall clock, epoch milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** A name for the next call. */
  nextCall(): string {
    return `call-${++this.#calls}`
  }

  invoked(call: string, process: string, request: Request): void {
    this.#add({ record: "invoked", call, process, request })
  }

  returned(call: string, answer: Answer): void {
    this.#add({ record: "returned", call, answer })
  }

  subscribed(subscriber: string, from: number): void {
    this.#add({ record: "subscribed", subscriber, from })
  }

  delivered(subscriber: string, event: Event): void {
    this.#add({ record: "delivered", subscriber, event })
  }

  alarmed(subscriber: string, message: string): void {
    this.#add({ record: "alarmed", subscriber, message })
  }

  /** Records the clock, if it shows something new. */
  clockMoved(): void {
    if (this.records.at(-1)?.clock !== this.#clock()) this.#add({ record: "clock" })
  }

  #add(record: Untimed<HistoryRecord>): void {
    this.records.push({ at: this.records.length, clock: this.#clock(), ...record } as HistoryRecord)
  }
}
