/** Sets the scene: a country with two sites, zones in them, bins in those, and stock of every SKU at both sites. */
import type { Inventory } from "@holdfast/core"
import type { Books } from "./books.ts"
import type { StepTimes } from "./figures.ts"

/** The root of the demo's places. Orders are served from anywhere in it unless they say where. */
export const country = "GB"
export const sites = ["LDN", "MAN"] as const
const zones = ["A", "B"] as const
const binsPerZone = 8

/** Registrations and receipts under way at once: enough to fill batches, few enough to be bounded. */
const atOnce = 256

/** Where things are set up, and what is kept about it. */
export interface Setting {
  readonly inventory: Inventory
  readonly books: Books
  readonly times: StepTimes
  /** Aborted when the run should end early. */
  readonly stop: AbortSignal
}

/** The bins of one site, in the order they are filled. */
export const binsOf = (site: string): ReadonlyArray<string> =>
  zones.flatMap((zone) => Array.from({ length: binsPerZone }, (_, index) => `${site}-${zone}-${index + 1}`))

/** Where a SKU lies, by its running number. */
export const binsFor = (number: number): ReadonlyArray<string> =>
  sites.map((site) => {
    const bins = binsOf(site)
    return bins[number % bins.length] as string
  })

/** Registers the tree of places, parents first. Returns how many there are. */
export const registerLocations = async ({ inventory, times }: Setting): Promise<number> => {
  const register = (id: string, kind: "site" | "zone" | "bin", parent?: string) =>
    times.timed("register", () => inventory.registerLocation({ id, kind, ...(parent === undefined ? {} : { parent }) }))
  await register(country, "site")
  await Promise.all(sites.map((site) => register(site, "site", country)))
  await Promise.all(sites.flatMap((site) => zones.map((zone) => register(`${site}-${zone}`, "zone", site))))
  const bins = sites.flatMap(binsOf)
  await Promise.all(bins.map((bin) => register(bin, "bin", bin.slice(0, bin.lastIndexOf("-")))))
  return 1 + sites.length * (1 + zones.length) + bins.length
}

/** Runs a task for every item, a bounded number at once. The first failure ends it, after those under way. */
export const forEachAtOnce = async <A>(
  items: Iterable<A>,
  atOnceMax: number,
  stop: AbortSignal,
  task: (item: A, index: number) => Promise<void>
): Promise<void> => {
  let next = 0
  let failed = false
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    while (!stop.aborted && !failed) {
      const item = iterator.next()
      if (item.done === true) return
      try {
        await task(item.value, next++)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: atOnceMax }, worker))
  const failure = ended.find((end) => end.status === "rejected")
  if (failure !== undefined) throw failure.reason
}

/** Registers every SKU and receives its stock, spread over both sites. */
export const stockUp = async (
  setting: Setting,
  skus: ReadonlySet<string>,
  stock: number,
  onSku: (done: number) => void
): Promise<void> => {
  const { inventory, books, times, stop } = setting
  let done = 0
  await forEachAtOnce(skus, atOnce, stop, async (sku, index) => {
    await times.timed("register", () => inventory.registerSku({ id: sku }))
    const [near, far] = binsFor(index) as [string, string]
    const share = Math.ceil(stock / 2)
    for (const [to, quantity] of [
      [near, share],
      [far, stock - share]
    ] as const) {
      if (quantity === 0) continue
      await times.timed("receive", () => inventory.receive({ sku, to, quantity, reference: "opening stock" }))
      books.of(sku).received += quantity
    }
    onSku(++done)
  })
}
