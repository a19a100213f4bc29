/** Broken journals, each for one reason: the proof that the conformance suite can say no. */
import type { Mutant } from "./Mutant.ts"
import { lyingMutants, readingMutants } from "./reading.ts"
import { writingMutants } from "./writing.ts"

export { type Mutant, mutate } from "./Mutant.ts"

/**
 * Every mutant. They break any healthy journal that is neither durable nor shared; `memory()` is the fastest. The lying
 * ones need to be judged by the manifest they pretend to have.
 */
export const journalMutants: ReadonlyArray<Mutant> = [...writingMutants, ...readingMutants, ...lyingMutants]
