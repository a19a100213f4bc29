/** Real services for tests and benchmarks: found on the machine or started, without any preparation. */
export * from "./desk.ts"
export * from "./postgres.ts"
export * from "./PostgresTraffic.ts"
export * from "./ServiceUnavailable.ts"
export * from "./TcpProxy.ts"
