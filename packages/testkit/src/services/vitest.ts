/**
 * Real services in vitest. Register a global setup that opens the desk, then ask for what a test needs:
 *
 * ```ts
 * // vitest.globalSetup.ts
 * export { default } from "@holdfast/testkit/services/globalSetup"
 *
 * // some.test.ts
 * import { testDatabase } from "@holdfast/testkit/services/vitest"
 *
 * it("keeps stock", async () => {
 *   const journal = postgres({ url: await testDatabase() })
 * })
 * ```
 *
 * Called in a test, a `beforeEach` or a fixture, `testDatabase()` skips the test where there is no PostgreSQL, and the
 * run names the missing service at its very end. To share a database between tests, or to ask in a `beforeAll`, put the
 * suite into `await suiteOn("postgres")`, which is `describe`, or `describe.skip` where there is no PostgreSQL:
 *
 * ```ts
 * const suite = await suiteOn("postgres")
 * suite("views", () => { beforeAll(async () => { url = await testDatabase() }) })
 * ```
 *
 * With `CI=true` a missing service fails the test or the file instead.
 */
import { describe, inject, onTestFinished, TestRunner } from "vitest"
import { type Desk, type DeskAnswer, openDesk, type ServiceName } from "./desk.ts"
import { type PrivatePostgres, type StartPrivateOptions, startPrivatePostgres } from "./postgres.ts"
import { ServiceUnavailable } from "./ServiceUnavailable.ts"
import "./vitestContext.ts"

/** Without the global setup, a test file has a desk of its own. */
let ownDesk: Promise<Desk> | undefined

const deskAddress = async (): Promise<string> => {
  const shared = inject("holdfastDesk") as string | undefined
  if (shared !== undefined) return shared
  ownDesk ??= openDesk()
  return (await ownDesk).address
}

const ask = async (path: string, body = ""): Promise<DeskAnswer> => {
  const response = await fetch(`${await deskAddress()}/${path}`, { method: "POST", body })
  const answer = (await response.json()) as DeskAnswer
  if (answer._tag === "Unavailable") throw new ServiceUnavailable(answer.service, answer.tries)
  if (answer._tag === "Failed") throw new Error(answer.reason)
  return answer
}

const lease = async (service: ServiceName): Promise<string> => {
  const answer = await ask(`lease/${service}`)
  return answer._tag === "Leased" ? answer.address : ""
}

/** Whether tests may be skipped for want of a service. */
const maySkip = (error: unknown): error is ServiceUnavailable =>
  error instanceof ServiceUnavailable && process.env["CI"] !== "true"

/** Skips the running test, if there is one and skipping is allowed; rejects otherwise. */
const orSkip = async <A>(effort: Promise<A>): Promise<A> => {
  try {
    return await effort
  } catch (error) {
    if (maySkip(error)) {
      await ask(`missing/${encodeURIComponent(error.service)}`, error.message)
      TestRunner.getCurrentTest()?.context.skip(error.message)
    }
    throw error
  }
}

/** The url of a new, empty PostgreSQL database. See the top of the file for where it may be called. */
export const testDatabase = (): Promise<string> => orSkip(lease("postgres"))

/**
 * A PostgreSQL server for this test alone, which may be killed and paused; it ends with the test. In a `beforeAll` the
 * caller has to stop it.
 */
export const testServer = async (options: StartPrivateOptions = {}): Promise<PrivatePostgres> => {
  const server = await orSkip(startPrivatePostgres({ announce: () => {}, ...options }))
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(() => server.stop())
  return server
}

/** `describe` where a service is available, else `describe.skip`. */
export const suiteOn = async (service: ServiceName): Promise<typeof describe | typeof describe.skip> => {
  try {
    await orSkip(ask(`start/${service}`))
    return describe
  } catch (error) {
    if (maySkip(error)) return describe.skip
    throw error
  }
}
