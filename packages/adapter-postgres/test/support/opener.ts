/** Opens several inventories at once on one database, as soon as it is told to, and says how each fared. */
import { createInterface } from "node:readline"
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"

/** What it is told at its start. */
export interface OpenerTask {
  readonly url: string
  readonly name: string
  readonly openings: number
}

/** What it says: that it is ready, then one line for each opening. */
export type OpenerSaid = { readonly ready: true } | { readonly opened: true } | { readonly failed: string }

const task = JSON.parse(process.argv[2] ?? "{}") as OpenerTask
const say = (message: OpenerSaid) => process.stdout.write(`${JSON.stringify(message)}\n`)

say({ ready: true })
for await (const _ of createInterface({ input: process.stdin })) break
await Promise.all(
  Array.from({ length: task.openings }, async (_, index) => {
    try {
      const inventory = await openInventory({ journal: postgres({ url: task.url }) })
      await inventory.registerSku({ id: `${task.name}-${index}` })
      await inventory.close()
      say({ opened: true })
    } catch (error) {
      say({ failed: String(error) })
    }
  })
)
process.exit(0)
