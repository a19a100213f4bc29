/** The same types that a host sees, and that they are strict. */
import { pglite, postgres } from "@holdfast/adapter-postgres"
import { type Availability, type Inventory, openInventory } from "@holdfast/core"

const choose = (url: string | undefined) => (url === undefined ? pglite({ dataDir: "./stock" }) : postgres({ url }))

export const sell = async (url: string | undefined): Promise<number> => {
  const inventory: Inventory = await openInventory({ journal: choose(url) })
  await inventory.receive({ sku: "mug-blue", to: "LDN", quantity: 100 })
  // @ts-expect-error a quantity is a number
  await inventory.receive({ sku: "mug-blue", to: "LDN", quantity: "100" })
  const answers: ReadonlyArray<Availability> = await inventory.availability({ skus: ["mug-blue"], within: "LDN" })
  await inventory.close()
  return answers[0]?.available ?? 0
}
