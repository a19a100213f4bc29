import { createServer } from "node:net"
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory, StorageUnavailable } from "@holdfast/core"
import type { Journal, StoredEvent } from "@holdfast/core/ports"
import { testDatabase, testServer } from "@holdfast/testkit/services/vitest"
import { Cause, Effect, Exit } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { eventually, type Observer, observe, openJournal } from "./support/journals.ts"

/** What an effect failed with; anything but a typed failure fails the test, a defect above all. */
const failureOf = <A, E>(exit: Exit.Exit<A, E>): E => {
  if (Exit.isSuccess(exit)) throw new Error("it succeeded")
  const [reason, ...others] = exit.cause.reasons
  if (reason?._tag !== "Fail" || others.length > 0) throw new Error(`no typed failure: ${Cause.pretty(exit.cause)}`)
  return reason.error
}

const unavailable = (error: unknown): StorageUnavailable => {
  expect(error).toBeInstanceOf(StorageUnavailable)
  return error as StorageUnavailable
}

const oneEvent = (log: string): StoredEvent => ({
  position: 1,
  type: "LocationRegistered",
  version: 1,
  data: { id: "LDN", kind: "site", parent: null, name: null },
  skus: [],
  commandId: `command-of-${log}`,
  commandPosition: 1,
  effectiveAt: 1,
  recordedAt: 1,
  meta: {},
  fingerprint: "f"
})

const appendOne = (journal: Journal, log: string) =>
  journal.append(log, { expected: 0, recordedAt: 1, events: [oneEvent(log)], rows: [] })

/** Holds the head row of a log until it is told to let go, so that an append waits. */
const holdHead = async (url: string, log: string): Promise<() => void> => {
  const journal = await openJournal(postgres({ url, migrate: false }))
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await new Promise<void>((resolve) => {
    Effect.runFork(
      journal.exclusively(
        log,
        Effect.promise(() => {
          resolve()
          return held
        })
      )
    )
  })
  onTestFinished(() => letGo())
  return letGo
}

/** Ends the backends of Holdfast's that fit; gives how many. */
const terminate = async (observer: Observer, where: string): Promise<number> => {
  const rows = await observer.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'holdfast' AND datname = current_database() AND ${where}`
  )
  return rows.length
}

const expectHealthy = async (journal: Journal, log: string): Promise<void> => {
  // Every connection of the pool gets its turn.
  const heads = await Promise.all(Array.from({ length: 16 }, () => Effect.runPromise(journal.head(log))))
  for (const head of heads) expect(head.position).toBeGreaterThanOrEqual(0)
  const fresh = `${log}-afterwards`
  await Effect.runPromise(journal.head(fresh))
  await Effect.runPromise(appendOne(journal, fresh))
  expect(await Effect.runPromise(journal.head(fresh))).toMatchObject({ position: 1 })
}

describe("what goes wrong between the driver and a real server is StorageUnavailable, and the pool works afterwards", () => {
  it("pg_terminate_backend during a statement: the outcome is unknown", async () => {
    const url = await testDatabase()
    const journal = await openJournal(postgres({ url }))
    const observer = await observe(url)
    await Effect.runPromise(journal.head("log"))
    const letGo = await holdHead(url, "log")
    const appending = Effect.runPromiseExit(appendOne(journal, "log"))
    await eventually("the append waits", async () => (await terminate(observer, "wait_event_type = 'Lock'")) === 1)
    const failure = unavailable(failureOf(await appending))
    expect(failure).toMatchObject({ outcome: "unknown", retryable: true })
    letGo()
    await expectHealthy(journal, "log")
    expect(await Effect.runPromise(journal.head("log"))).toMatchObject({ position: 0 })
  })

  it.each(["before a load", "before the commit"])("pg_terminate_backend inside of `exclusively`, %s", async (when) => {
    const url = await testDatabase()
    const journal = await openJournal(postgres({ url }))
    const observer = await observe(url)
    await Effect.runPromise(journal.head("log"))
    const exit = await Effect.runPromiseExit(
      journal.exclusively(
        "log",
        Effect.gen(function* () {
          yield* appendOne(journal, "log")
          const ended = yield* Effect.promise(() => terminate(observer, "state = 'idle in transaction'"))
          expect(ended).toBe(1)
          if (when === "before a load") yield* journal.load("log", { rows: [], groups: [], expiring: 0 })
        })
      )
    )
    const failure = unavailable(failureOf(exit))
    expect(failure).toMatchObject({ outcome: "unknown", retryable: true })
    expect(await Effect.runPromise(journal.head("log"))).toMatchObject({ position: 0 })
    await expectHealthy(journal, "log")
  })

  it("a statement that takes longer than statement_timeout: nothing was done, and a retry may help", async () => {
    const url = await testDatabase()
    const journal = await openJournal(postgres({ url }))
    await Effect.runPromise(journal.head("log"))
    const observer = await observe(url)
    await observer.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET statement_timeout = '300ms'`)
    const hurried = await openJournal(postgres({ url, migrate: false }))
    const letGo = await holdHead(url, "log")
    const failure = unavailable(failureOf(await Effect.runPromiseExit(appendOne(hurried, "log"))))
    expect(failure).toMatchObject({ outcome: "not-applied", retryable: true })
    letGo()
    await expectHealthy(hurried, "log")
  })

  it("a lock that is not granted within lock_timeout: nothing was done, and a retry may help", async () => {
    const url = await testDatabase()
    const journal = await openJournal(postgres({ url }))
    await Effect.runPromise(journal.head("log"))
    const observer = await observe(url)
    await observer.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET lock_timeout = '300ms'`)
    const hurried = await openJournal(postgres({ url, migrate: false }))
    const letGo = await holdHead(url, "log")
    const failure = unavailable(failureOf(await Effect.runPromiseExit(appendOne(hurried, "log"))))
    expect(failure).toMatchObject({ outcome: "not-applied", retryable: true })
    const locked = await Effect.runPromiseExit(hurried.exclusively("log", Effect.void))
    expect(unavailable(failureOf(locked))).toMatchObject({ outcome: "not-applied", retryable: true })
    letGo()
    await expectHealthy(hurried, "log")
  })

  it("a database that has become read-only: nothing was done, and a retry may help", async () => {
    const url = await testDatabase()
    await openJournal(postgres({ url }))
    const observer = await observe(url)
    await observer.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`)
    const journal = await openJournal(postgres({ url, migrate: false }))
    const failure = unavailable(failureOf(await Effect.runPromiseExit(journal.head("log"))))
    expect(failure).toMatchObject({ outcome: "not-applied", retryable: true })
    expect(await observer.query("SELECT 1 AS one")).toHaveLength(1)
  })

  it("a wrong password and an unknown database: nothing was done, and a retry does not help", async () => {
    const url = await testDatabase()
    const password = new URL(url)
    password.password = "wrong"
    const database = new URL(url)
    database.pathname = "/there_is_none"
    for (const wrong of [password, database]) {
      const error = await openInventory({ journal: postgres({ url: wrong.href }) }).then(
        () => undefined,
        (error: unknown) => error
      )
      expect(unavailable(error)).toMatchObject({ outcome: "not-applied", retryable: false })
      expect(unavailable(error).message).not.toContain("wrong@")
    }
  })

  it("a port that nobody listens on, and one that never answers: nothing was done, and a retry may help", async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void silent.close())
    const address = silent.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    for (const url of ["postgres://a:b@127.0.0.1:1/c", `postgres://a:b@127.0.0.1:${port}/c`]) {
      const error = await openInventory({ journal: postgres({ url, connectTimeoutMs: 500 }) }).then(
        () => undefined,
        (error: unknown) => error
      )
      expect(unavailable(error)).toMatchObject({ outcome: "not-applied", retryable: true })
    }
  })

  it("a server that is killed and comes back: commands wait for it, and none is lost or doubled", async () => {
    const server = await testServer()
    const url = await server.createDatabase()
    const inventory = await openInventory({ journal: postgres({ url }), storagePatienceMs: 60_000 })
    onTestFinished(() => inventory.close())
    await inventory.registerLocation({ id: "LDN", kind: "site" })
    await inventory.registerSku({ id: "mug" })
    await inventory.receive({ sku: "mug", to: "LDN", quantity: 100_000 })
    let running = true
    const receipts: Array<string> = []
    const callers = Array.from({ length: 16 }, async (_, caller) => {
      for (let i = 0; running; i++) {
        const { commandId } = await inventory.reserve({
          id: `c-${caller}-${i}`,
          owner: "o",
          expiresIn: 3_600_000,
          lines: [{ sku: "mug", quantity: 1 }],
          commandId: `k-${caller}-${i}`
        })
        receipts.push(commandId)
      }
    })
    for (const _ of [1, 2]) {
      const before = receipts.length
      await eventually("commands run", async () => receipts.length > before + 100)
      await server.kill()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await server.restart()
    }
    const after = receipts.length
    await eventually("commands run again", async () => receipts.length > after + 100)
    running = false
    await Promise.all(callers)
    expect(new Set(receipts).size).toBe(receipts.length)
    expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([{ reserved: receipts.length }])
    expect(await inventory.head()).toMatchObject({ position: 3 + receipts.length })
    expect(await inventory.verify()).toMatchObject({ ok: true })
  })

  it("a server that stays away: callers are told after the engine's patience, and the engine works when it is back", async () => {
    const server = await testServer()
    const url = await server.createDatabase()
    const inventory = await openInventory({ journal: postgres({ url }), storagePatienceMs: 200 })
    onTestFinished(() => inventory.close())
    await inventory.registerSku({ id: "mug" })
    await server.kill()
    const error = await inventory.registerSku({ id: "cup", commandId: "k" }).then(
      () => undefined,
      (error: unknown) => error
    )
    expect(unavailable(error)).toMatchObject({ retryable: true, commandId: "k" })
    const reading = await inventory.availability({ skus: ["mug"] }).then(
      () => undefined,
      (error: unknown) => error
    )
    expect(unavailable(reading)).toMatchObject({ retryable: true })
    await server.restart()
    const { position } = await inventory.registerSku({ id: "cup", commandId: "k" })
    expect(position).toBe(2)
    expect(await inventory.head()).toMatchObject({ position: 2 })
  })
})
