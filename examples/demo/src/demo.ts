/** One run, from an empty tenant to what is to be reported: look over, set up, replay, the day after, check. */
import { type Inventory, type JournalProvider, openInventory } from "@holdfast/core"
import { afterwards, checkExpired, waitUntil } from "./afterwards.ts"
import { auditBooks, Books, type Figures } from "./books.ts"
import { type Abandoned, replay, type ShippedLine } from "./buyers.ts"
import { newTally, Sample, StepTimes } from "./figures.ts"
import { BadRows } from "./orders/BadRows.ts"
import type { OrderSource, Survey } from "./orders/Order.ts"
import { randomFrom } from "./orders/random.ts"
import { type Output, type Progress, showProgress } from "./progress.ts"
import { listBadRows, type Outcome, peakMemory, replaySteps } from "./report.ts"
import { country, registerLocations, type Setting, stockUp } from "./warehouse.ts"

/** What a run needs. */
export interface Demo {
  readonly journal: JournalProvider
  readonly tenant: string
  readonly source: OrderSource
  readonly buyers: number
  /** Units received of each SKU. */
  readonly stock: number
  readonly seed: number
  /** How long an abandoned claim lives, in milliseconds. Default: 2,000. */
  readonly abandonedMs?: number
  readonly output: Output
  /** Aborted when the run should end early and cleanly. */
  readonly stop: AbortSignal
}

/** A run that something ended which nobody wished: what was known by then, and why. */
export class BrokenOff extends Error {
  readonly outcome: Outcome
  constructor(outcome: Outcome, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.outcome = outcome
  }
}

/** Lines to keep for returns, and abandoned reservations to ask about. */
const returnsMax = 40
const abandonedMax = 200

/** SKUs per question. */
const figuresAtOnce = 1_000

const whole = (value: number): string => value.toLocaleString("en-GB")

type Draft = { -readonly [K in keyof Outcome]: Outcome[K] }

/** Runs the demo. Throws {@link BrokenOff} when the storage, say, gives up. */
export const runDemo = async (demo: Demo): Promise<Outcome> => {
  const outcome: Draft = {
    tally: newTally(),
    times: new StepTimes(),
    replayMs: 0,
    replayCommands: 0,
    badRows: new BadRows()
  }
  try {
    const survey = await lookOver(demo)
    outcome.badRows = survey.badRows
    const inventory = await openInventory({ journal: demo.journal, tenant: demo.tenant, commandSpans: false })
    try {
      await work(demo, inventory, survey, outcome)
    } finally {
      await inventory.close()
    }
    return outcome
  } catch (cause) {
    throw new BrokenOff(outcome, cause)
  }
}

/** Runs some work with its progress shown. */
const during = async <A>(
  output: Output,
  [label, total, unit]: readonly [label: string, total: number, unit: string],
  task: (progress: Progress) => Promise<A>
): Promise<A> => {
  const progress = showProgress(output, label, total, unit)
  try {
    return await task(progress)
  } finally {
    progress.end()
  }
}

/** Reads the source once, for what has to be known before it is replayed, and says what is wrong with it. */
const lookOver = async ({ source, output, stop }: Demo): Promise<Survey> => {
  const survey = await source.survey(stop)
  const { orders, lines, skus, notes, badRows } = survey
  output.write(`${source.name}: ${whole(orders)} orders of ${whole(lines)} lines over ${whole(skus.size)} SKUs\n`)
  for (const text of [...notes, ...listBadRows(badRows)]) output.write(`  ${text}\n`)
  return survey
}

const work = async (demo: Demo, inventory: Inventory, survey: Survey, outcome: Draft): Promise<void> => {
  const { output, stop, seed } = demo
  const { tally, times } = outcome
  const { skus } = survey
  const books = new Books()
  const setting: Setting = { inventory, books, times, stop }

  const places = await registerLocations(setting)
  output.write(`  ${places} places registered: ${country}, its sites, their zones and bins\n`)
  await during(output, ["receiving", skus.size, "SKUs"], ({ update }) => stockUp(setting, skus, demo.stock, update))

  const random = randomFrom(seed + 2)
  const shipped = new Sample<ShippedLine>(returnsMax, random)
  const abandoned = new Sample<Abandoned>(abandonedMax, random)
  const abandonedMs = demo.abandonedMs ?? 2_000
  const from = performance.now()
  try {
    await during(output, ["replaying", survey.orders, "orders"], ({ update }) =>
      replay(
        { ...setting, tally, shipped, abandoned, seed, abandonedMs, onOrder: update },
        demo.source.orders(),
        demo.buyers
      )
    )
  } finally {
    outcome.replayMs = performance.now() - from
    outcome.replayCommands = times.together(replaySteps).count
  }

  // A claim is dead from its instant on by the engine's clock, which may be a little ahead of what a timer thinks.
  const settled = await waitUntil(tally.lastExpiry + 50, stop)
  if (settled) {
    const alive = await checkExpired(inventory, abandoned.kept)
    outcome.expiry = { asked: abandoned.kept.length, alive }
    outcome.afterwards = await afterwards({ ...setting }, skus, shipped.kept)
  }
  outcome.audit = auditBooks(books, await figuresOf(inventory, books), settled)
  const contested = books.mostContested()
  if (contested !== undefined) {
    const { refused, wanted } = books.of(contested)
    outcome.contested = { refused, wanted }
    outcome.explanation = await inventory.explain({ sku: contested, within: country })
  }
  if (stop.aborted) return
  outcome.memoryBeforeVerify = peakMemory()
  const verifyFrom = performance.now()
  outcome.verification = await during(
    output,
    ["verifying", (await inventory.head()).position, "events"],
    ({ update }) => inventory.verify({ onProgress: update })
  )
  outcome.verifyMs = performance.now() - verifyFrom
}

/** The inventory's own figures for every SKU that stock was received of. */
const figuresOf = async (inventory: Inventory, books: Books): Promise<ReadonlyArray<Figures>> => {
  const skus = books.stocked()
  const figures: Array<Figures> = []
  for (let start = 0; start < skus.length; start += figuresAtOnce) {
    figures.push(...(await inventory.availability({ skus: skus.slice(start, start + figuresAtOnce), within: country })))
  }
  return figures
}
