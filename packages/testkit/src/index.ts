/** `@holdfast/testkit`: conformance suites for adapters, and mutants that prove the suites. */
export * from "./conformance/index.ts"
export * from "./mutants/index.ts"
