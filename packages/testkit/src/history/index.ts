/** Records of what callers saw, and a judge of them. */
export { checkHistory, type RuleName, rules } from "./check.ts"
export * from "./History.ts"
