/** Takes a folder's lock at a given moment, says whether it got it, and keeps it until it is killed. */
import { setTimeout as sleep } from "node:timers/promises"
import { lockFolder } from "../../src/driver/folderLock.ts"

const { folder, at } = JSON.parse(process.argv[2] ?? "{}") as { readonly folder: string; readonly at: number }
const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`)

await sleep(Math.max(0, at - Date.now() - 5))
while (Date.now() < at) {
  // Everybody has to be at the lock in the same millisecond.
}
try {
  lockFolder(folder)
  say({ got: true })
} catch (error) {
  say({ got: false, message: (error as Error).message })
}
await sleep(60_000)
