/**
 * Writes a golden file for every event type in its present version, and never touches one that exists: what was once
 * written to a log has to stay readable for ever, so the files of old versions are history and not output.
 *
 *     node --conditions=holdfast-source packages/core/test/golden/generate.ts
 *
 * Run it after an event got a new version, and commit the new file. A file holds the event, the events before it that
 * its evolution needs, and the rows it changed when it was the present version.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Event, evolve, events, RowsRebuilt, World } from "@holdfast/core/domain"
import { DomainRun, type Step } from "@holdfast/testkit/model"

/** Where the golden files are. */
export const goldenFolder = fileURLToPath(new URL("./events/", import.meta.url))

/** What a golden file holds. */
export interface Golden {
  readonly event: Event
  readonly before: ReadonlyArray<Event>
  readonly changed: Readonly<Record<string, ReadonlyArray<object>>>
}

/** The file of one version of an event. */
export const goldenFile = (type: string, version: number): string => `${type}.v${version}.json`

const at = 1_700_000_000_000

/** A day in a warehouse in which everything that can happen happens. */
const story: ReadonlyArray<Pick<Step, "name" | "input"> & { readonly after?: number }> = [
  { name: "registerLocation", input: { id: "LDN", kind: "site", name: "London" } },
  { name: "registerLocation", input: { id: "bin-1", kind: "bin", parent: "LDN" } },
  { name: "registerLocation", input: { id: "PAR", kind: "site" } },
  { name: "registerSku", input: { id: "mug", code: "MUG-BLU", shortage: "backorder" } },
  { name: "changeSkuCode", input: { id: "mug", code: "MUG-BLUE" } },
  { name: "receive", input: { sku: "mug", to: "bin-1", quantity: 10, unitCost: { amount: 250, currency: "GBP" } } },
  { name: "move", input: { sku: "mug", from: "bin-1", to: "LDN", quantity: 4 } },
  { name: "issue", input: { sku: "mug", from: "LDN", quantity: 1 } },
  { name: "adjust", input: { sku: "mug", at: "LDN", direction: "increase", quantity: 1, reasonCode: "found" } },
  { name: "count", input: { sku: "mug", at: "LDN", quantity: 3 } },
  { name: "placeHold", input: { id: "h-1", sku: "mug", at: "LDN", quantity: 2 } },
  { name: "liftHold", input: { id: "h-1", quantity: 1 } },
  { name: "reserve", input: { id: "cart-1", owner: "customer-7", lines: [{ sku: "mug", quantity: 5, within: "LDN" }], expiresIn: "15 minutes" } },
  { name: "extend", input: { reservation: "cart-1", expiresIn: "20 minutes" } },
  { name: "reserve", input: { id: "cart-2", owner: "customer-8", lines: [{ sku: "mug", quantity: 4 }], expiresIn: "15 minutes" } },
  { name: "receive", input: { sku: "mug", to: "LDN", quantity: 1 } },
  { name: "confirm", input: { reservation: "cart-1" } },
  { name: "ship", input: { reservation: "cart-1", lines: [{ line: 1, quantity: 3 }] } },
  { name: "release", input: { reservation: "cart-1", lines: [{ line: 1, quantity: 1 }] } },
  { name: "return", input: { sku: "mug", to: "LDN", quantity: 1, reservation: { id: "cart-1", line: 1 } } },
  { name: "reparentLocation", input: { id: "PAR", parent: "LDN" }, after: 3_600_000 },
  { name: "closeLocation", input: { id: "PAR" } },
  { name: "registerSku", input: { id: "cup" } },
  { name: "retireSku", input: { id: "cup" } }
]

/** The log of the story. */
const tell = (): ReadonlyArray<Event> => {
  const run = new DomainRun()
  let now = at
  for (const { name, input, after = 1_000 } of story) {
    now += after
    const { refusal } = run.run({ name, input, now } as Step)
    if (refusal !== undefined) throw refusal
  }
  // No command causes this one: an engine records it when it has made the rows again.
  const position = run.log.length + 1
  const rebuilt: Event = {
    ...RowsRebuilt.make({ rows: 12 }),
    position,
    commandId: "holdfast:rebuild:1",
    commandPosition: position,
    skus: [],
    effectiveAt: now,
    recordedAt: now,
    meta: {}
  }
  return [...run.log, rebuilt]
}

/** The golden file of the first event of a type in a log. */
const goldenOf = (log: ReadonlyArray<Event>, type: string): Golden => {
  const index = log.findIndex((event) => event.type === type)
  const event = log[index]
  if (event === undefined) throw new Error(`the story has no ${type}: add a command that causes it`)
  const before = log.slice(0, index)
  const world = new World()
  for (const earlier of before) world.absorb(evolve(world, earlier))
  const changed: Record<string, ReadonlyArray<object>> = {}
  for (const [table, rows] of evolve(world, event).changed) changed[table.name] = [...rows.values()]
  return { event, before, changed }
}

/** Writes what is missing; says which files are new. */
export const generate = (folder: string): ReadonlyArray<string> => {
  mkdirSync(folder, { recursive: true })
  const log = tell()
  const written: Array<string> = []
  for (const { type, versions } of events) {
    const path = `${folder}/${goldenFile(type, versions.length)}`
    if (existsSync(path)) continue
    // `wx` refuses to write over a file, whatever happened since the line above.
    writeFileSync(path, `${JSON.stringify(goldenOf(log, type), undefined, 2)}\n`, { flag: "wx" })
    written.push(path)
  }
  return written
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const written = generate(goldenFolder)
  process.stdout.write(`${written.length} new golden files, ${events.length - written.length} left as they are\n`)
}
