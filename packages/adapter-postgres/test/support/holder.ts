/** Opens a PGlite folder, says so, and holds it until it is told to let go. */
import { createInterface } from "node:readline"
import { pglite } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"

const { dataDir } = JSON.parse(process.argv[2] ?? "{}") as { readonly dataDir: string }
const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`)

try {
  const inventory = await openInventory({ journal: pglite({ dataDir }) })
  say({ opened: true })
  for await (const _ of createInterface({ input: process.stdin })) break
  await inventory.close()
  say({ closed: true })
} catch (error) {
  const { _tag, message } = error as Error & { readonly _tag?: string }
  say({ opened: false, tag: _tag, message })
}
process.exit(0)
