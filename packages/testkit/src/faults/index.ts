/** Journals to which things happen. */
export * from "./FaultPlan.ts"
export * from "./FaultyJournal.ts"
export * from "./mortalJournal.ts"
export * from "./mutants.ts"
export * from "./Random.ts"
