/** The conformance suite, and its parts for those who run it with another test runner. */
export type { Claim, ClaimContext, Duty, JournalUnderTest } from "./Claim.ts"
export { journalClaims } from "./claims.ts"
export { type ConformanceOptions, openContext } from "./context.ts"
export { type Fault, faults, faulty } from "./faults.ts"
export { journalConformance } from "./journalConformance.ts"
