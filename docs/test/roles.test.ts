/** The role that the page about operations makes can do a service's work, and cannot change what happened. */
import { PgClient } from "@effect/sql-pg"
import { migrate, postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { expect, it, onTestFinished } from "vitest"
import { page } from "./support/markdown.ts"

const statements =
  page("docs/operations.md")
    .blocks.find(({ language, use }) => language === "sql" && use === "roles")
    ?.text.split(/;\s*/)
    .filter((text) => text !== "") ?? []

/** Runs statements until the test ends. */
const connect = async (url: string): Promise<(text: string) => Promise<unknown>> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const sql = await PgClient.make({ url: Redacted.make(url), maxConnections: 1 }).pipe(
    Effect.provide(Reactivity.layer),
    Scope.provide(scope),
    Effect.runPromise
  )
  return (text) => Effect.runPromise(sql.unsafe(text))
}

it("the role of a service works through a whole order, and can neither change nor delete an event, nor rebuild", async () => {
  const url = await testDatabase()
  await migrate({ url })
  const owner = await connect(url)
  for (const text of statements) await owner(text)
  onTestFinished(async () => {
    const cleaner = await connect(url)
    await cleaner("DROP OWNED BY holdfast_app")
    await cleaner("DROP ROLE holdfast_app")
  })
  const asService = new URL(url)
  asService.username = "holdfast_app"
  asService.password = "choose-one"
  const service = String(asService)

  const inventory = await openInventory({ journal: postgres({ url: service, migrate: false }) })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug", shortage: "backorder" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 3 })
  const lines = [
    { sku: "mug", quantity: 2, within: "LDN" },
    { sku: "mug", quantity: 2 }
  ]
  await inventory.reserve({ id: "o", owner: "c", expiresIn: "1 hour", lines })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 2 })
  await inventory.placeHold({ id: "h", sku: "mug", at: "LDN", quantity: 1 })
  await inventory.liftHold({ id: "h" })
  await inventory.confirm({ reservation: "o" })
  await inventory.ship({ reservation: "o" })
  await inventory.changeSkuCode({ id: "mug", code: "MUG" })
  expect(await inventory.verify()).toMatchObject({ ok: true })
  await expect(inventory.rebuild()).rejects.toMatchObject({ _tag: "StorageUnavailable", retryable: false })
  await inventory.close()

  const sql = await connect(service)
  for (const text of [
    "UPDATE holdfast.events SET type = 'x'",
    "DELETE FROM holdfast.events",
    "TRUNCATE holdfast.events",
    "CREATE TABLE holdfast.x (y int)"
  ]) {
    await expect(sql(text), text).rejects.toThrow()
  }
  await expect(sql("SELECT count(*)::text FROM holdfast.events")).resolves.toHaveLength(1)
})
