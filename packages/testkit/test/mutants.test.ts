/** The conformance suite accepts a healthy journal and rejects every mutant, by a claim about the very duty it breaks. */
import { memory } from "@holdfast/core"
import type { JournalManifest, JournalProvider } from "@holdfast/core/ports"
import { type Claim, journalClaims, journalMutants, mutate, openContext } from "@holdfast/testkit"
import { describe, expect, it } from "vitest"

const healthy: JournalManifest = {
  adapter: "memory",
  linearizable: true,
  atomicAppend: true,
  durable: false,
  shared: false
}

/** A mutant may make a claim wait for ever; a healthy journal in memory is done long before. */
const patienceMs = 15_000

/** The claims that a journal does not keep, with the first line of why. */
const brokenClaims = async (
  claims: ReadonlyArray<Claim>,
  capabilities: JournalManifest,
  provider: () => JournalProvider
): Promise<ReadonlyArray<string>> => {
  const { context, close } = await openContext({
    capabilities,
    make: () => ({ journal: provider(), elsewhere: provider() }),
    patienceMs
  })
  const broken: Array<string> = []
  for (const claim of claims.filter((claim) => claim.applies(capabilities))) {
    try {
      await claim.run(context)
    } catch (error) {
      broken.push(`${claim.duty}: ${claim.name} (${String(error).split("\n", 1)[0]})`)
    }
  }
  await close()
  return broken
}

describe("the conformance suite of the journal", () => {
  it("accepts a healthy journal", async () => {
    expect(await brokenClaims(journalClaims, healthy, memory)).toEqual([])
  })

  it("has no two mutants and no two claims of the same name", () => {
    for (const names of [journalMutants, journalClaims].map((list) => list.map(({ name }) => name))) {
      expect(new Set(names).size).toBe(names.length)
    }
  })

  for (const mutant of journalMutants) {
    it(`rejects a journal that ${mutant.name}`, async ({ annotate }) => {
      const claims = journalClaims.filter((claim) => claim.duty === mutant.breaks)
      const capabilities = { ...healthy, ...mutant.pretends }
      const broken = await brokenClaims(claims, capabilities, () => mutate(mutant, memory()))
      expect(broken, `no claim about ${mutant.breaks} rejects it`).not.toEqual([])
      await annotate(broken.join("\n"), "rejected by")
    })
  }

  it("rejects a manifest that is not the one the suite was told", async () => {
    for (const capabilities of [
      { ...healthy, adapter: "other" },
      { ...healthy, shared: true },
      { ...healthy, linearizable: false }
    ]) {
      const [claim] = journalClaims
      expect(await brokenClaims(claim === undefined ? [] : [claim], capabilities, memory)).toHaveLength(1)
    }
  })

  it("rejects a journal that promises less than it does: durable, or shared, and silent about it", async () => {
    const claims = journalClaims.filter((claim) => claim.duty === "manifest")
    const lasting = memory()
    const broken = await brokenClaims(claims, healthy, () => lasting)
    expect(broken.map((text) => text.slice(0, 23))).toEqual(["manifest: not durable: ", "manifest: not shared: w"])
  })
})
