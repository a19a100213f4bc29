/** A mutant is a healthy journal that breaks one duty. A suite that accepts one is no proof of that duty. */
import type { Journal, JournalManifest, JournalProvider } from "@holdfast/core/ports"
import { Effect } from "effect"
import type { Duty } from "../conformance/Claim.ts"

/** See the top of the file. */
export interface Mutant {
  /** What is wrong with it, as the end of a sentence: "a journal that …". */
  readonly name: string
  /** The duty whose claims must reject it. */
  readonly breaks: Duty
  /** Breaks a healthy journal. */
  readonly wrap: (journal: Journal) => Journal
  /** What its manifest claims to be true although it is not. */
  readonly pretends?: Partial<JournalManifest>
}

/** A provider whose journals are broken that way. */
export const mutate = ({ wrap, pretends = {} }: Mutant, provider: JournalProvider): JournalProvider => ({
  _tag: "HoldfastJournal",
  open: Effect.map(provider.open, (journal) => wrap({ ...journal, manifest: { ...journal.manifest, ...pretends } }))
})
