/**
 * Runs seeds from the command line: `--seeds N` from `--seed S` on (default: 1,000 from a random one). With one seed,
 * `--history FILE` writes what the callers saw as lines of JSON. The exit code is 1 if a promise was broken.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { formatRecords } from "../history/History.ts"
import { describeRun, simulate } from "./Simulation.ts"

/** Broken seeds to describe. */
const describedMax = 10

const { values } = parseArgs({
  options: { seeds: { type: "string" }, seed: { type: "string" }, history: { type: "string" } }
})

const numberOf = (flag: "seeds" | "seed", text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  process.stderr.write(`--${flag} takes a whole number, not ${text}\n`)
  return process.exit(2)
}

const first = numberOf("seed", values.seed, Math.floor(Math.random() * 1_000_000_000))
const count = numberOf("seeds", values.seeds, values.seed === undefined ? 1_000 : 1)

let broken = 0
let events = 0
for (let seed = first; seed < first + count; seed++) {
  const run = simulate(seed, { stacks: count === 1 })
  events += run.history.events.length
  if (values.history !== undefined && count === 1) {
    const log = run.history.events.map((event) => `${JSON.stringify(event)}\n`).join("")
    writeFileSync(values.history, formatRecords(run.history.records) + log)
  }
  if (run.findings.length > 0 && ++broken <= describedMax) process.stdout.write(`${describeRun(run)}\n`)
  if (process.stderr.isTTY) process.stderr.write(`\r${seed - first + 1} of ${count} seeds, ${broken} broken `)
}
if (process.stderr.isTTY) process.stderr.write("\n")
process.stdout.write(`seeds ${first} to ${first + count - 1}: ${events} events, ${broken} seeds broke a promise\n`)
process.exitCode = broken > 0 ? 1 : 0
