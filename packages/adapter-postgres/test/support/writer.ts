/** Writes without end, and says what was acknowledged, so that a test may kill it in the middle and count. */
import { pglite, postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"

/** Where it writes. */
export type WriterTask = { readonly name: string; readonly callers: number } & (
  | { readonly dataDir: string }
  | { readonly url: string }
)

/** What it says about each command, once it is acknowledged. */
export interface WriterSaid {
  readonly commandId: string
  readonly position: number
}

const task = JSON.parse(process.argv[2] ?? "{}") as WriterTask
const journal = "dataDir" in task ? pglite({ dataDir: task.dataDir }) : postgres({ url: task.url })
const inventory = await openInventory({ journal })

await Promise.all(
  Array.from({ length: task.callers }, async (_, caller) => {
    for (let i = 0; ; i++) {
      const id = `${task.name}-${caller}-${i}`
      const commandId = `reserve-${id}`
      const { position } = await inventory.reserve({
        id,
        owner: "buyer",
        expiresIn: 3_600_000,
        lines: [{ sku: "mug", quantity: 1, within: "LDN" }],
        commandId
      })
      process.stdout.write(`${JSON.stringify({ commandId, position } satisfies WriterSaid)}\n`)
    }
  })
)
