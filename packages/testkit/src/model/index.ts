/** The reference model of an inventory, generators of commands, and ways to run them through the pure domain. */
export * from "./commands.ts"
export * from "./DomainRun.ts"
export { Model } from "./Model.ts"
export type { ConfirmedLine, ModelAvailability, ModelPlace, Verdict } from "./ModelFacts.ts"
export * from "./promise.ts"
export * from "./random.ts"
export * from "./Step.ts"
export * from "./StrictView.ts"
