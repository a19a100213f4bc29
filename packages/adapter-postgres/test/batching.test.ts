import { postgres } from "@holdfast/adapter-postgres"
import { type Inventory, openInventory } from "@holdfast/core"
import { PostgresTraffic, TcpProxy } from "@holdfast/testkit/services"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import { describe, expect, it, onTestFinished } from "vitest"
import { observe } from "./support/journals.ts"

const openStocked = async (url: string, quantity: number): Promise<Inventory> => {
  const inventory = await openInventory({ journal: postgres({ url }) })
  onTestFinished(() => inventory.close())
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity })
  return inventory
}

const reserveOne = (inventory: Inventory, id: string) =>
  inventory.reserve({ id, owner: "o", expiresIn: "1 hour", lines: [{ sku: "mug", quantity: 1, within: "LDN" }] })

/** Commits that the server itself has counted; statistics are flushed when a session ends or has been idle for a while. */
const commitsOf = async (url: string): Promise<number> => {
  const admin = new URL(url)
  const observer = await observe(url)
  let before = -1
  for (;;) {
    const [row] = await observer.query<{ commits: string }>(
      "SELECT xact_commit::text AS commits FROM pg_stat_database WHERE datname = $1::text",
      [admin.pathname.slice(1)]
    )
    const commits = Number(row?.commits)
    if (commits - before <= 1) return commits
    before = commits
    await new Promise((resolve) => setTimeout(resolve, 1_500))
  }
}

describe("batching", () => {
  it("with 64 callers on one SKU the server sees far fewer commits than commands", async () => {
    const url = await testDatabase()
    const inventory = await openStocked(url, 10_000)
    const before = await commitsOf(url)
    const commands = 3_200
    await Promise.all(
      Array.from({ length: 64 }, async (_, caller) => {
        for (let i = 0; i < commands / 64; i++) await reserveOne(inventory, `r-${caller}-${i}`)
      })
    )
    await inventory.close()
    const commits = (await commitsOf(url)) - before
    const again = await openInventory({ journal: postgres({ url }) })
    expect(await again.availability({ skus: ["mug"] })).toMatchObject([{ reserved: commands, onHand: 10_000 }])
    expect(await again.verify()).toMatchObject({ ok: true })
    await again.close()
    // A full batch of 64 each time would be 50; the observer's own looks are among them.
    expect(commits).toBeGreaterThan(0)
    expect(commits).toBeLessThan(commands / 10)
  })

  it("a single warm caller gets its answer in exactly one round trip", async () => {
    const url = await testDatabase()
    const traffic = new PostgresTraffic()
    const proxy = await TcpProxy.toUrl(url)
    proxy.policy = (chunk) => {
      traffic.see(chunk)
      return "pass"
    }
    const inventory = await openStocked(proxy.through(url), 100)
    onTestFinished(() => proxy.close())
    await reserveOne(inventory, "warm-up")
    for (let i = 0; i < 10; i++) {
      traffic.reset()
      await reserveOne(inventory, `r-${i}`)
      expect(traffic.sent.roundTrips).toBe(1)
    }
    // The first ones to name positions, ours and the customer's, have to load them.
    await inventory.confirm({ reservation: "r-0" })
    await inventory.ship({ reservation: "r-0" })
    for (const reservation of ["r-1", "r-2"]) {
      traffic.reset()
      await inventory.confirm({ reservation })
      await inventory.ship({ reservation })
      expect(traffic.sent.roundTrips).toBe(2)
    }
  })

  it("a batch costs one round trip, however many commands are in it", async () => {
    const url = await testDatabase()
    const traffic = new PostgresTraffic()
    const proxy = await TcpProxy.toUrl(url)
    proxy.policy = (chunk) => {
      traffic.see(chunk)
      return "pass"
    }
    const inventory = await openStocked(proxy.through(url), 1_000)
    onTestFinished(() => proxy.close())
    await reserveOne(inventory, "warm-up")
    traffic.reset()
    await Promise.all(Array.from({ length: 300 }, (_, i) => reserveOne(inventory, `r-${i}`)))
    // The first one is on its way before the others are there; they share the next, and perhaps another one.
    expect(traffic.sent.roundTrips).toBeLessThanOrEqual(8)
  })
})
