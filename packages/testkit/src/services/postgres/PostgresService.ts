/** A PostgreSQL server that tests may use, whosever it is. */
export interface PostgresService {
  /** Of a user who may create databases: `postgres://user:password@host:port/database`. */
  readonly url: string
  /** Version, and where it comes from, for people. */
  readonly source: string
  /** The url of a new, empty database. */
  createDatabase(): Promise<string>
  /** Ends a server that was started for us; drops the new databases of one that was not. */
  stop(): Promise<void>
}
