/** One of several processes on one inventory: opens it, waits for the signal, and sends its commands all at once. */
import { createInterface } from "node:readline"
import { postgres } from "@holdfast/adapter-postgres"
import { openInventory } from "@holdfast/core"

/** What a racer is told at its start. */
export interface RacerTask {
  readonly url: string
  readonly name: string
  readonly buyers: number
  /** The same for all racers, so that both send the same commands; else each has its own. */
  readonly commandIds: "shared" | "own"
}

/** What it says: that it is ready, and then what each of its buyers got. */
export type RacerSaid =
  | { readonly ready: true }
  | { readonly id: string; readonly receipt?: unknown; readonly refusal?: string }

const task = JSON.parse(process.argv[2] ?? "{}") as RacerTask
const say = (message: RacerSaid) => process.stdout.write(`${JSON.stringify(message)}\n`)

const inventory = await openInventory({ journal: postgres({ url: task.url }) })
// Warm, so that both are as fast as they can be when it starts.
await inventory.availability({ skus: ["mug"] })
say({ ready: true })
for await (const _ of createInterface({ input: process.stdin })) break
await Promise.all(
  Array.from({ length: task.buyers }, async (_, buyer) => {
    const id = task.commandIds === "shared" ? `cart-${buyer}` : `cart-${task.name}-${buyer}`
    try {
      const receipt = await inventory.reserve({
        id,
        owner: "buyer",
        expiresIn: 3_600_000,
        lines: [{ sku: "mug", quantity: 1, within: "LDN" }],
        commandId: `command-${id}`
      })
      say({ id, receipt })
    } catch (error) {
      say({ id, refusal: (error as { readonly _tag?: string })._tag ?? String(error) })
    }
  })
)
await inventory.close()
process.exit(0)
