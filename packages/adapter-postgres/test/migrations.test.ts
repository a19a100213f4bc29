import { migrate, pglite, postgres } from "@holdfast/adapter-postgres"
import { openInventory, StorageUnavailable } from "@holdfast/core"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import { describe, expect, it, onTestFinished } from "vitest"
import { startChild } from "./support/child.ts"
import { observe } from "./support/journals.ts"
import type { OpenerSaid, OpenerTask } from "./support/opener.ts"

const refusalOf = async (opening: Promise<unknown>): Promise<StorageUnavailable> => {
  const error = await opening.then(
    () => undefined,
    (error: unknown) => error
  )
  expect(error).toBeInstanceOf(StorageUnavailable)
  return error as StorageUnavailable
}

describe("migrations", () => {
  it("eight openings at once, of four processes, on an empty database all succeed", async () => {
    const url = await testDatabase()
    const openers = ["a", "b", "c", "d"].map((name) =>
      startChild<OpenerSaid>("opener.ts", { url, name, openings: 2 } satisfies OpenerTask)
    )
    await Promise.all(openers.map((opener) => opener.hear((said) => "ready" in said)))
    for (const opener of openers) opener.tell("go")
    await Promise.all(openers.map((opener) => opener.ended()))
    const results = openers.flatMap(({ said }) => said.filter((message) => !("ready" in message)))
    expect(results).toEqual(Array.from({ length: 8 }, () => ({ opened: true })))
    const inventory = await openInventory({ journal: postgres({ url, migrate: false }) })
    onTestFinished(() => inventory.close())
    expect(await inventory.head()).toMatchObject({ position: 8 })
    expect(await inventory.verify()).toMatchObject({ ok: true })
    const observer = await observe(url)
    const names = await observer.query<{ name: string }>("SELECT name FROM holdfast.migrations ORDER BY name")
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length)
  })

  it("with `migrate: false` a database without the schema is refused by naming what is missing, and is left alone", async () => {
    const url = await testDatabase()
    const refusal = await refusalOf(openInventory({ journal: postgres({ url, migrate: false }) }))
    expect(refusal).toMatchObject({ outcome: "not-applied", retryable: false })
    expect(refusal.reason).toContain("0001_foundation")
    const observer = await observe(url)
    expect(await observer.query("SELECT 1 FROM pg_namespace WHERE nspname = 'holdfast'")).toEqual([])
    await migrate({ url })
    const inventory = await openInventory({ journal: postgres({ url, migrate: false }) })
    await inventory.registerSku({ id: "mug" })
    await inventory.close()
  })

  it("migrating twice changes nothing", async () => {
    const url = await testDatabase()
    await migrate({ url })
    const observer = await observe(url)
    const columns = () =>
      observer.query(
        `SELECT table_name, column_name, data_type FROM information_schema.columns
          WHERE table_schema = 'holdfast' ORDER BY table_name, ordinal_position`
      )
    const before = await columns()
    expect(before.length).toBeGreaterThan(50)
    await migrate({ url })
    expect(await columns()).toEqual(before)
  })

  it("schemas of one's own live side by side in one database", async () => {
    const url = await testDatabase()
    const [east, west] = await Promise.all(
      ["stock_east", "stock_west"].map((schema) => openInventory({ journal: postgres({ url, schema }) }))
    )
    if (east === undefined || west === undefined) throw new Error("two were opened")
    await east.registerSku({ id: "mug" })
    expect(await east.head()).toMatchObject({ position: 1 })
    expect(await west.head()).toMatchObject({ position: 0 })
    await east.close()
    await west.close()
    const observer = await observe(url)
    const schemas = await observer.query(
      "SELECT DISTINCT table_schema AS schema FROM information_schema.tables WHERE table_name = 'events' ORDER BY 1"
    )
    expect(schemas).toEqual([{ schema: "stock_east" }, { schema: "stock_west" }])
  })

  it.each(["", "Stock", "stock-east", "1stock", "stock; DROP SCHEMA public", 'a"b', "x".repeat(64)])(
    "the schema name %j is refused before anything is opened",
    async (schema) => {
      for (const journal of [pglite({ schema }), postgres({ url: "postgres://a:b@127.0.0.1:1/c", schema })]) {
        const refusal = await refusalOf(openInventory({ journal }))
        expect(refusal).toMatchObject({ outcome: "not-applied", retryable: false })
        expect(refusal.reason).toContain("schema name")
      }
    }
  )
})
