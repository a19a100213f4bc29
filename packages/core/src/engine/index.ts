/** The engine: batches, loads, decides, commits, answers. */
export type { Verification } from "./audit.ts"
export { type CommandFailure, type Engine, type EngineOptions, makeEngine, type Progress } from "./Engine.ts"
export type { Receipt, Rejection } from "./Entry.ts"
export type { Explanation, Reason, Term } from "./explain.ts"
export type { ReadRefusal } from "./Reader.ts"
export type { SubscribeOptions } from "./subscribe.ts"
export * as Telemetry from "./Telemetry.ts"
