/** The page about SQL views: its columns are those of the database, its examples run and give what it says. */
import { join } from "node:path"
import { pglite } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"
import { PGlite } from "@electric-sql/pglite"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeFolder } from "./support/examples.ts"
import { codeIn, page, rowsOf, section } from "./support/markdown.ts"

const views = page("docs/sql-views.md")

/** A database with the small stock that the page's answers are about. */
const stocked = async (): Promise<PGlite> => {
  const { folder, remove } = makeFolder()
  const dataDir = join(folder, "stock")
  const inventory = await openInventory({ journal: pglite({ dataDir }) })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerLocation({ id: "bin-1", kind: "bin", parent: "LDN" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "bin-1", quantity: 10, reference: "delivery-1" })
  await inventory.move({ sku: "mug", from: "bin-1", to: "LDN", quantity: 3 })
  await inventory.placeHold({ id: "h", sku: "mug", at: "LDN", quantity: 3 })
  await inventory.reserve({
    id: "cart-1",
    owner: "customer-7",
    expiresIn: "1 hour",
    lines: [{ sku: "mug", quantity: 2, within: "LDN" }]
  })
  await inventory.close()
  const database = await PGlite.create({ dataDir })
  onTestFinished(async () => {
    await database.close()
    remove()
  })
  return database
}

const query = async (database: PGlite, text: string): Promise<ReadonlyArray<ReadonlyArray<unknown>>> =>
  (await database.query<Array<unknown>>(text, [], { rowMode: "array" })).rows

describe("sql-views.md", () => {
  it("has the columns of every view, in their order, and its examples give what it says", async () => {
    const database = await stocked()
    const found = await query(
      database,
      `SELECT table_name, string_agg(column_name, ',' ORDER BY ordinal_position)
         FROM information_schema.columns JOIN information_schema.views USING (table_schema, table_name)
        WHERE table_schema = 'holdfast' GROUP BY 1`
    )
    expect(found.length).toBe(3)
    for (const [name, columns] of found) {
      const rows = rowsOf(section(views, `\`${String(name)}\``)?.split("```")[0] ?? "")
      expect(`${String(name)}: ${rows.map(([first]) => codeIn(first ?? "")[0]).join(",")}`).toBe(
        `${String(name)}: ${String(columns)}`
      )
    }
    const examples = views.blocks.filter(({ language, use }) => language === "sql" && use === "run")
    expect(examples.length).toBe(3)
    for (const example of examples) {
      const rows = await query(database, example.text)
      const printed = rows.map((row) => `${row.map((value) => String(value ?? "")).join("|")}\n`).join("")
      expect(printed).toBe(views.blocks[views.blocks.indexOf(example) + 1]?.text)
    }
  })
})
