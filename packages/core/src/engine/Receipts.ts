/** The receipts of recent commands, so that most repetitions cost no look-up. */

/** Receipts in one generation; two are remembered. */
const generationMax = 5_000

/** What a command id led to. */
export interface Known {
  readonly fingerprint: string
  readonly receipt: unknown
  readonly position: number
}

/** Bounded: when a generation is full, the one before it is forgotten whole, which costs nothing per command. */
export class Receipts {
  #young = new Map<string, Known>()
  #old = new Map<string, Known>()

  get(commandId: string): Known | undefined {
    return this.#young.get(commandId) ?? this.#old.get(commandId)
  }

  add(commandId: string, known: Known): void {
    if (this.#young.size >= generationMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(commandId, known)
  }
}
