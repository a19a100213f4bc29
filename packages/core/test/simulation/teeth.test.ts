/** A simulation that cannot fail proves nothing. Each mutant of the journal has to turn it red, within a few seeds. */
import { journalMutants } from "@holdfast/testkit/faults"
import { simulate } from "@holdfast/testkit/simulation"
import { describe, expect, it } from "vitest"

/** Seeds within which each mutant must be found. */
const seedsMax = 150

/** The rules that have to expose a mutant: one that is only found for another reason is not understood. */
const exposedBy: Readonly<Record<string, ReadonlyArray<string>>> = {
  "no head fence": ["balances", "replay", "looks", "verified"],
  "no lock": ["balances", "replay", "looks", "verified"],
  "no dedupe": ["effects"],
  "no outcomes": ["surprises", "effects"],
  "no doubt": ["effects"],
  "early acknowledgement": ["effects"],
  "dropped event": ["effects", "verified"],
  "dropped rows": ["verified"],
  // Verification reads the same way, and is the first to be alarmed.
  "skipping reader": ["prefixes", "surprises"]
}

describe("the simulation turns red over a journal that", () => {
  for (const mutant of journalMutants) {
    it(`makes this mistake: ${mutant.breaks}`, async ({ annotate }) => {
      for (let seed = 1; seed <= seedsMax; seed++) {
        const { findings } = simulate(seed, { mutant })
        const finding = findings.find(({ rule }) => exposedBy[mutant.name]?.includes(rule))
        if (finding === undefined) continue
        await annotate(`seed ${seed}: ${finding.rule}: ${finding.message}`)
        return
      }
      expect.fail(`${mutant.name} survived ${seedsMax} seeds`)
    })
  }
})
