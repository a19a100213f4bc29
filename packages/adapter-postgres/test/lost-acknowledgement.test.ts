import { postgres } from "@holdfast/adapter-postgres"
import { type Inventory, openInventory } from "@holdfast/core"
import { seeded } from "@holdfast/testkit/model"
import { type Policy, PostgresTraffic, TcpProxy } from "@holdfast/testkit/services"
import { testDatabase } from "@holdfast/testkit/services/vitest"
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"

const openThrough = async (
  proxy: TcpProxy,
  url: string,
  options: { readonly tenant?: string } = {}
): Promise<Inventory> => {
  const inventory = await openInventory({
    journal: postgres({ url: proxy.through(url), connectTimeoutMs: 2_000 }),
    storagePatienceMs: 30_000,
    ...options
  })
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 10_000 })
  return inventory
}

const proxied = async (): Promise<{ readonly url: string; readonly proxy: TcpProxy }> => {
  const url = await testDatabase()
  const proxy = await TcpProxy.toUrl(url)
  onTestFinished(() => proxy.close())
  return { url, proxy }
}

const cart = (id: string) => ({
  id,
  owner: "o",
  expiresIn: 3_600_000,
  lines: [{ sku: "mug", quantity: 1, within: "LDN" }]
})

/** Lets the next round trip reach the server, then resets the connection in place of the answer. Tells when it did. */
const loseNextAnswer = (proxy: TcpProxy): { readonly lost: () => number } => {
  let lost = 0
  const traffic = new Map<number, PostgresTraffic>()
  const asked = new Set<number>()
  proxy.policy = (chunk) => {
    if (lost > 0) return "pass"
    if (chunk.towards === "server") {
      // The first message of an open connection was sent long ago: what it sends now has type bytes.
      const seen = traffic.get(chunk.connection) ?? new PostgresTraffic({ started: true })
      traffic.set(chunk.connection, seen)
      if (/[SQ]/.test(seen.see(chunk))) asked.add(chunk.connection)
      return "pass"
    }
    if (!asked.has(chunk.connection)) return "pass"
    lost++
    return "reset"
  }
  return { lost: () => lost }
}

describe("an acknowledgement that is lost after the commit was sent", () => {
  it.each([
    ["with a command id", { commandId: "mine" }],
    ["without one", {}]
  ])("the caller gets the receipt of the one command that took effect, %s", async (_, id) => {
    const { url, proxy } = await proxied()
    const inventory = await openThrough(proxy, url)
    onTestFinished(() => inventory.close())
    await inventory.reserve(cart("warm-up"))
    const { position } = await inventory.head()
    const faults = loseNextAnswer(proxy)
    const receipt = await inventory.reserve({ ...cart("lost"), ...id })
    expect(faults.lost()).toBe(1)
    expect(receipt.position).toBe(position + 1)
    expect(await inventory.head()).toMatchObject({ position: position + 1 })
    expect(await inventory.outcome(receipt.commandId)).toMatchObject([{ position: position + 1 }])
    expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([{ reserved: 2 }])
    expect(await inventory.verify()).toMatchObject({ ok: true })
  })

  it("a connection that is reset before the commit arrives leads to one effect as well", async () => {
    const { url, proxy } = await proxied()
    const inventory = await openThrough(proxy, url)
    onTestFinished(() => inventory.close())
    await inventory.reserve(cart("warm-up"))
    const { position } = await inventory.head()
    let resets = 0
    proxy.policy = (chunk) => (chunk.towards === "server" && resets++ === 0 ? "reset" : "pass")
    const receipt = await inventory.reserve({ ...cart("late"), commandId: "mine" })
    expect(resets).toBeGreaterThan(0)
    expect(receipt.position).toBe(position + 1)
    expect(await inventory.head()).toMatchObject({ position: position + 1 })
    expect(await inventory.verify()).toMatchObject({ ok: true })
  })

  it("connections that are reset at random, both ways: every one of many callers gets its one receipt", async () => {
    const { url, proxy } = await proxied()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 99 })), async (dice) => {
        proxy.heal()
        const inventory = await openThrough(proxy, url, { tenant: `run-${run++}` })
        try {
          let resets = 0
          let messages = 0
          const unlucky: Policy = () => {
            // The dice decide, but one reset there must be.
            const isDue = ++messages === 5
            if (resets >= 10 || ((dice.next().value as number) >= 6 && !isDue)) return "pass"
            resets++
            return "reset"
          }
          proxy.policy = unlucky
          const receipts = await Promise.all(
            Array.from({ length: 24 }, async (_, caller) => {
              const got: Array<number> = []
              for (let i = 0; i < 5; i++) {
                const id = `c-${caller}-${i}`
                got.push((await inventory.reserve({ ...cart(id), commandId: `reserve-${id}` })).position)
              }
              return got
            })
          )
          proxy.heal()
          expect(resets).toBeGreaterThan(0)
          const positions = receipts.flat()
          expect(new Set(positions).size).toBe(120)
          expect(await inventory.head()).toMatchObject({ position: 3 + 120 })
          expect(await inventory.availability({ skus: ["mug"] })).toMatchObject([{ reserved: 120 }])
          expect(await inventory.verify()).toMatchObject({ ok: true })
        } finally {
          await inventory.close()
        }
      }),
      seeded(3)
    )
  })
})
