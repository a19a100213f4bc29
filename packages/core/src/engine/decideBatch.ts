/** Decides a batch in memory: one command after the other, each on the state the previous left. */
import {
  type Command,
  decide,
  Draft,
  type EventBody,
  type EventMeta,
  eventDefinition,
  evolveInto,
  isRefusal,
  lapse,
  ownCommandPrefix,
  type Refusal
} from "../domain/index.ts"
import type { Head, StoredEvent } from "../ports/Journal.ts"
import { type Cache, NotLoaded } from "./Cache.ts"
import type { Entry } from "./Entry.ts"

/** What became of a command. */
export type Verdict =
  | { readonly _tag: "Accepted"; readonly entry: Entry; readonly events: ReadonlyArray<StoredEvent> }
  | { readonly _tag: "Refused"; readonly entry: Entry; readonly refusal: Refusal }
  | { readonly _tag: "Broken"; readonly entry: Entry; readonly defect: unknown }

/** A batch being decided. */
export class BatchDecision {
  readonly draft: Draft
  readonly events: Array<StoredEvent> = []
  readonly verdicts: Array<Verdict> = []
  readonly now: number
  readonly #head: Head

  constructor(cache: Cache, head: Head, now: number) {
    this.draft = new Draft(cache)
    this.#head = head
    this.now = now
  }

  /** Records the expiry of a reservation, if it is due. */
  lapse(reservation: string): void {
    const expired = lapse(this.draft, reservation, this.now)
    if (expired.length === 0) return
    const commandId = `${ownCommandPrefix}expire:${reservation}`
    this.#record(expired, { type: "expire" }, commandId, "")
  }

  /** Decides entries from `from` on. Stops early, with the index, at one that needs rows which are not loaded. */
  decideFrom(entries: ReadonlyArray<Entry>, from: number): number {
    for (let index = from; index < entries.length; index++) {
      const entry = entries[index] as Entry
      try {
        const decided = decide(this.draft, entry.command, this.now)
        if (isRefusal(decided)) this.verdicts.push({ _tag: "Refused", entry, refusal: decided })
        else {
          const events = this.#record(decided, entry.command, entry.commandId, entry.fingerprint)
          this.verdicts.push({ _tag: "Accepted", entry, events })
        }
      } catch (defect) {
        if (defect instanceof NotLoaded) return index
        this.verdicts.push({ _tag: "Broken", entry, defect })
      }
    }
    return entries.length
  }

  #record(bodies: ReadonlyArray<EventBody>, command: Command, commandId: string, fingerprint: string) {
    const first = this.#head.position + this.events.length + 1
    const meta = metaOf(command)
    const effectiveAt = command.effectiveAt ?? this.now
    // On a draft of its own, so that a defect in one evolution leaves nothing half done in its neighbours' state.
    const draft = new Draft(this.draft)
    const events = bodies.map((body, index): StoredEvent => {
      const event = {
        ...body,
        position: first + index,
        commandId,
        commandPosition: first,
        skus: eventDefinition(body.type).skus(body.data),
        effectiveAt,
        recordedAt: this.now,
        meta,
        fingerprint
      }
      evolveInto(draft, body, event)
      return event
    })
    this.draft.absorb(draft)
    for (const event of events) this.events.push(event)
    return events
  }
}

const metaFields = ["actor", "reasonCode", "reference", "correlationId", "causationId"] as const

const metaOf = (command: Command): EventMeta => {
  const meta: { [K in keyof EventMeta]: EventMeta[K] } = {}
  for (const field of metaFields) {
    const value = command[field]
    if (value !== undefined) Object.assign(meta, { [field]: value })
  }
  return meta
}
