/** What a newcomer writes first, on both journals that need no server. */
import { pglite } from "@holdfast/adapter-postgres"
import { InsufficientStock, memory, openInventory } from "@holdfast/core"
import { Inventory } from "@holdfast/core/effect"

const availableAfterAnOrder = async (journal) => {
  const inventory = await openInventory({ journal })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug-blue", code: "MUG-BLU" })
  await inventory.receive({ sku: "mug-blue", to: "LDN", quantity: 100, commandId: "po-17-line-1" })
  const lines = [{ sku: "mug-blue", quantity: 2, within: "LDN" }]
  await inventory.reserve({ id: "cart-9", owner: "customer-7", expiresIn: "15 minutes", lines })
  const tooMany = { id: "cart-10", owner: "customer-8", lines: [{ sku: "mug-blue", quantity: 99, within: "LDN" }] }
  const refusal = await inventory.reserve({ ...tooMany, expiresIn: "1 minute" }).catch((error) => error)
  if (!(refusal instanceof InsufficientStock)) throw refusal
  const [answer] = await inventory.availability({ skus: ["mug-blue"], within: "LDN" })
  await inventory.close()
  return answer.available
}

process.stdout.write(
  `${await availableAfterAnOrder(memory())} ${await availableAfterAnOrder(pglite())} ${typeof Inventory.layer}\n`
)
