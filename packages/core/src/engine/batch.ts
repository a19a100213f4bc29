/** What goes into one batch: how much of what waits, and each command once. */
import type { Entry } from "./Entry.ts"
import type { Receipts } from "./Receipts.ts"
import { repeated, type Settlement } from "./settle.ts"

/** Rows that the commands of one batch may touch, roughly: a bound on the size of one commit. */
const batchWeightMax = 20_000

/** Cuts a batch off: not too heavy, and without two bodies under one command id, which have to be judged in turn. */
export const cut = (waiting: ReadonlyArray<Entry>): { batch: ReadonlyArray<Entry>; rest: ReadonlyArray<Entry> } => {
  const fingerprints = new Map<string, string>()
  let weight = 0
  let size = 0
  for (const entry of waiting) {
    weight += entry.weight
    const same = entry.supplied ? fingerprints.get(entry.commandId) : undefined
    if (size > 0 && (weight > batchWeightMax || (same !== undefined && same !== entry.fingerprint))) break
    if (entry.supplied) fingerprints.set(entry.commandId, entry.fingerprint)
    size++
  }
  return size === waiting.length ? { batch: waiting, rest: [] } : { batch: waiting.slice(0, size), rest: waiting.slice(size) }
}

/** Finds the answers to repetitions of known commands, and keeps one of each command in the batch. */
export const withoutRepetitions = (batch: ReadonlyArray<Entry>, receipts: Receipts) => {
  const firsts = new Map<string, Entry>()
  const unique: Array<Entry> = []
  const followers: Array<readonly [Entry, Entry]> = []
  const answered: Array<Settlement> = []
  for (const entry of batch) {
    if (!entry.supplied) {
      unique.push(entry)
      continue
    }
    const known = receipts.get(entry.commandId)
    const first = firsts.get(entry.commandId)
    if (known !== undefined) {
      answered.push(repeated(entry, known.fingerprint, known.position, () => known.receipt))
    } else if (first !== undefined) followers.push([entry, first])
    else {
      firsts.set(entry.commandId, entry)
      unique.push(entry)
    }
  }
  return { unique, followers, known: answered }
}
