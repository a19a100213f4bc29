/** What a person reads at the end. */
import { styleText } from "node:util"
import type { Explanation, Reason, Verification } from "@holdfast/core"
import CliTable from "cli-table3"
import type { Afterwards } from "./afterwards.ts"
import type { Audit } from "./books.ts"
import { type StepTimes, steps, type Tally } from "./figures.ts"
import type { BadRows } from "./orders/BadRows.ts"
import type { Output } from "./progress.ts"
import { country } from "./warehouse.ts"

/** What a run found out. What it did not come to is absent. */
export interface Outcome {
  readonly tally: Tally
  readonly times: StepTimes
  /** How long the replay took, in milliseconds. */
  readonly replayMs: number
  /** Commands answered during the replay. */
  readonly replayCommands: number
  readonly badRows: BadRows
  /** Abandoned reservations that the inventory was asked about, and those it did not call expired. */
  readonly expiry?: { readonly asked: number; readonly alive: ReadonlyArray<string> }
  readonly afterwards?: Afterwards
  readonly audit?: Audit
  readonly verification?: Verification
  readonly verifyMs?: number
  /** Most memory that the process had used before the check began, in MB. The check holds the whole state. */
  readonly memoryBeforeVerify?: number
  readonly explanation?: Explanation
  /** Why the contested SKU was chosen: orders refused for it, lines that asked for it. */
  readonly contested?: { readonly refused: number; readonly wanted: number }
}

/** Steps that make the rate and the times of the replay. */
export const replaySteps = ["reserve", "confirm", "ship", "release"] as const

/** Reasons, differences and the like to print before "and so on". */
const listedMax = 5

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 })
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : whole.format(value)} ms`
const seconds = (value: number): string => `${(value / 1_000).toFixed(1)} s`

/** Emphasis on terminals that want it; nothing where NO_COLOR is set or output is no terminal. */
const bold = (output: Output, text: string): string =>
  output.isTTY === true ? styleText("bold", text, { stream: output as NodeJS.WriteStream }) : text

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const drawn = new CliTable({
    head: [...head],
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true }
  })
  for (const row of rows) drawn.push([...row])
  return drawn.toString()
}

/** Whether a run ended as it should. */
export const isSound = (outcome: Outcome): boolean =>
  outcome.audit !== undefined &&
  outcome.audit.oversold === 0 &&
  outcome.audit.differences.length === 0 &&
  (outcome.expiry === undefined || outcome.expiry.alive.length === 0) &&
  (outcome.verification === undefined || outcome.verification.ok)

/** The first bad rows, each with its line. */
export const listBadRows = ({ first, total }: BadRows): ReadonlyArray<string> =>
  total === 0
    ? []
    : [
        `bad rows: ${whole.format(total)}`,
        ...first.map(
          ({ line, reason, detail }) => `  line ${line}: ${reason}${detail === undefined ? "" : `: ${detail}`}`
        ),
        ...(total > first.length ? [`  … and ${whole.format(total - first.length)} more`] : [])
      ]

/** All bad rows by reason, the most frequent first. */
const countBadRows = ({ byReason, total }: BadRows): ReadonlyArray<string> =>
  total === 0
    ? []
    : [
        `bad rows: ${whole.format(total)}`,
        ...[...byReason].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `  ${whole.format(count)} × ${reason}`)
      ]

const orderRows = ({ tally, expiry }: Outcome): ReadonlyArray<ReadonlyArray<string>> => {
  const row = (label: string, orders: number, units: number) => [label, whole.format(orders), whole.format(units)]
  const ended = tally.shipped + tally.refused + tally.abandoned + tally.released + tally.waiting
  const abandoned = expiry === undefined ? "abandoned, not dead yet" : "expired"
  return [
    row("shipped", tally.shipped, tally.unitsShipped),
    row("refused", tally.refused, tally.unitsRefused),
    row(abandoned, tally.abandoned, tally.unitsAbandoned),
    row("released", tally.released, tally.unitsReleased),
    row("confirmed, still to ship", tally.waiting, tally.unitsWaiting),
    ...(ended < tally.orders ? [["cut short, fate unknown", whole.format(tally.orders - ended), ""]] : []),
    row("all orders", tally.orders, tally.unitsAsked)
  ]
}

const timeRows = (times: StepTimes): ReadonlyArray<ReadonlyArray<string>> =>
  steps.flatMap((step) => {
    const of = times.of(step)
    return of === undefined ? [] : [[step, whole.format(of.count), ms(of.p50), ms(of.p99), ms(of.max)]]
  })

const speed = ({ times, replayMs, replayCommands, tally }: Outcome): ReadonlyArray<string> => {
  if (replayCommands === 0) return []
  const { p50, p99 } = times.together(replaySteps)
  const slowest = times.slowest(replaySteps)
  const perSecond = (count: number) => whole.format(count / (replayMs / 1_000))
  return [
    `commands per second: ${perSecond(replayCommands)} (${perSecond(tally.lines)} order lines per second, replay of ${seconds(replayMs)})`,
    `a command took: p50 ${ms(p50)}, p99 ${ms(p99)}`,
    ...(slowest === undefined ? [] : [`slowest step: ${slowest.step} (p99 ${ms(slowest.times.p99)})`])
  ]
}

/** Most memory that this process has used so far, in MB. */
export const peakMemory = (): number => process.resourceUsage().maxRSS / 1_024

const memory = ({ memoryBeforeVerify }: Outcome): string =>
  memoryBeforeVerify === undefined
    ? `peak memory: ${whole.format(peakMemory())} MB`
    : `peak memory: ${whole.format(memoryBeforeVerify)} MB, ${whole.format(peakMemory())} MB with the final check, which holds the whole state`

const listed = (texts: ReadonlyArray<string>, indent = "  "): ReadonlyArray<string> => [
  ...texts.slice(0, listedMax).map((text) => indent + text),
  ...(texts.length > listedMax ? [`${indent}… and ${whole.format(texts.length - listedMax)} more`] : [])
]

const reasonText = ({ text, quantity, positions }: Reason): string => {
  const shown = positions.slice(0, 4).join(", ")
  const events = positions.length === 0 ? "" : ` (events ${shown}${positions.length > 4 ? ", …" : ""})`
  return `${whole.format(quantity)} ${text}${events}`
}

const termNames: Readonly<Record<Explanation["terms"][number]["term"], string>> = {
  onHand: "on hand",
  held: "on hold",
  reserved: "reserved by carts",
  allocated: "allocated to orders",
  claimedAbove: "claimed from wider places",
  shortBelow: "claimed inside beyond its stock"
}

/** The sum behind one availability, a term a line, each with what it consists of. */
export const describeExplanation = (explanation: Explanation): ReadonlyArray<string> => {
  const signed = (quantity: number) => (quantity < 0 ? `− ${whole.format(-quantity)}` : `+ ${whole.format(quantity)}`)
  const terms = explanation.terms.filter(({ term, quantity }) => term === "onHand" || quantity !== 0)
  return [
    ...terms.flatMap(({ term, quantity, because }) => [
      `  ${signed(quantity).padStart(9)}  ${termNames[term]}`,
      ...listed(because.filter((reason) => reason.quantity !== 0).map(reasonText), " ".repeat(13))
    ]),
    `  ${`= ${whole.format(explanation.available)}`.padStart(9)}  available within ${country}, as of event ${explanation.position}`
  ]
}

const dayAfter = ({ afterwards, expiry }: Outcome): ReadonlyArray<string> => [
  ...(expiry === undefined
    ? []
    : [
        `expiry: ${expiry.asked - expiry.alive.length} of ${expiry.asked} abandoned reservations asked about are expired`
      ]),
  ...(afterwards === undefined
    ? []
    : [
        `afterwards: ${afterwards.returned} units returned; ${afterwards.counted} bins counted, ${afterwards.missing} units missing; ` +
          `${afterwards.held} units put on hold, ${afterwards.lifted} of them lifted again`
      ])
]

const verdict = ({ audit, verification, verifyMs, expiry }: Outcome): ReadonlyArray<string> => [
  audit === undefined ? "oversold: not known" : `oversold: ${whole.format(audit.oversold)}`,
  ...(audit === undefined
    ? []
    : audit.differences.length === 0
      ? ["books: the inventory's figures are the sum of its answers"]
      : ["books: the inventory's figures differ from the sum of its answers", ...listed(audit.differences)]),
  ...listed(expiry?.alive ?? []),
  verification === undefined
    ? "verify: not run"
    : `verify: ${verification.ok ? "ok" : "NOT OK"} (${whole.format(verification.events)} events and ${whole.format(verification.rows)} rows in ${seconds(verifyMs ?? 0)})`,
  ...listed([...(verification?.differences ?? []), ...(verification?.violations ?? [])])
]

/** Writes everything that a run found out. */
export const writeReport = (output: Output, outcome: Outcome): void => {
  const { times, explanation, contested, tally, badRows } = outcome
  const refusals = [...tally.refusals].map(([name, count]) => `${name} ${whole.format(count)}`)
  const lines = [
    "",
    table(["orders", "number", "units"], orderRows(outcome)),
    table(["step", "commands", "p50", "p99", "longest"], timeRows(times)),
    ...speed(outcome),
    ...(refusals.length === 0 ? [] : [`refusals: ${refusals.join(", ")}`]),
    ...dayAfter(outcome),
    memory(outcome),
    ...countBadRows(badRows),
    "",
    ...(explanation === undefined
      ? []
      : [
          bold(output, `most contested SKU: ${explanation.sku}`) +
            ` (wanted by ${whole.format(contested?.wanted ?? 0)} order lines, ${whole.format(contested?.refused ?? 0)} orders refused for it)`,
          ...describeExplanation(explanation),
          ""
        ]),
    ...verdict(outcome).map((line) => bold(output, line))
  ]
  output.write(`${lines.join("\n")}\n`)
}
