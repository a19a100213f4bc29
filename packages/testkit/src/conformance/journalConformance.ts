/**
 * The conformance suite of the journal port. An adapter author's whole test file:
 *
 * ```ts
 * import { journalConformance } from "@holdfast/testkit"
 * import { shelf } from "../src/index.ts"
 *
 * journalConformance({
 *   name: "shelf",
 *   capabilities: { adapter: "shelf", linearizable: true, atomicAppend: true, durable: true, shared: false },
 *   make: () => ({ journal: shelf({ file: temporaryFile() }) })
 * })
 * ```
 */
import { afterAll, beforeAll, describe, it } from "vitest"
import type { ClaimContext, Duty } from "./Claim.ts"
import { journalClaims } from "./claims.ts"
import { type ConformanceOptions, openContext } from "./context.ts"

/** Vitest's own limit comes a little after the claim's, whose message says more. */
const graceMs = 5_000

/** Registers every claim that applies to a journal with these capabilities as a test. */
export const journalConformance = (options: ConformanceOptions): void => {
  const claims = journalClaims.filter((claim) => claim.applies(options.capabilities))
  const duties = [...new Set(claims.map((claim) => claim.duty))]
  describe(`${options.name} is a journal`, () => {
    let opened: Awaited<ReturnType<typeof openContext>> | undefined
    beforeAll(async () => {
      opened = await openContext(options)
    })
    afterAll(async () => {
      await opened?.close()
    })
    for (const duty of duties) {
      describe(duty, () => {
        for (const claim of claims.filter((claim) => claim.duty === duty)) {
          const timeoutMs = (options.patienceMs ?? 60_000) + graceMs
          it(claim.name, () => claim.run(contextOf(opened, duty)), timeoutMs)
        }
      })
    }
  })
}

const contextOf = (opened: { readonly context: ClaimContext } | undefined, duty: Duty): ClaimContext => {
  if (opened === undefined) throw new Error(`the journal did not open, so its duty "${duty}" cannot be judged`)
  return opened.context
}
