/** What an adapter implements. */
export * from "./errors.ts"
export * from "./Journal.ts"
