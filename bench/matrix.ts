/** What is measured by default: not the full cross product, but every dimension on its own against the middle case. */
import type { ContenderName } from "./model/Contender.ts"
import type { Scenario, Timing } from "./model/Scenario.ts"

/** One scenario and who takes part. */
export interface MatrixRow {
  readonly scenario: Scenario
  readonly contenders: ReadonlyArray<ContenderName>
}

/** How much is measured. */
export interface Plan {
  readonly rows: ReadonlyArray<MatrixRow>
  readonly rounds: number
  readonly timing: Timing
  /** Pool sizes to try for the hand-written contenders, and how long each. */
  readonly poolSizes: ReadonlyArray<number>
  readonly poolTiming: Timing
}

const all: ReadonlyArray<ContenderName> = [
  "holdfast",
  "sql-transaction",
  "sql-statement",
  "sql-for-update",
  "sql-serializable",
  "raw-insert"
]
const four: ReadonlyArray<ContenderName> = ["holdfast", "sql-transaction", "sql-statement", "raw-insert"]
const three: ReadonlyArray<ContenderName> = ["holdfast", "sql-transaction", "raw-insert"]

const row = (
  demand: Scenario["demand"],
  clients: number,
  processes: number,
  lines: number,
  contenders: ReadonlyArray<ContenderName>
): MatrixRow => ({
  scenario: {
    name: `${demand}-${clients}${processes === 1 ? "" : `x${processes}`}${lines === 1 ? "" : `-${lines}-lines`}`,
    demand,
    clients,
    processes,
    lines
  },
  contenders
})

/** The real orders of a file. */
const fileRow = (file: string, lines: number): MatrixRow => ({
  scenario: { name: "file-64", demand: "file", clients: 64, processes: 1, lines, file },
  contenders: three
})

/** About twelve minutes on two cores. */
const full: ReadonlyArray<MatrixRow> = [
  row("hot", 64, 1, 1, all),
  row("skewed", 64, 1, 1, all),
  row("hot", 1, 1, 1, four),
  row("hot", 512, 1, 1, four),
  row("hot", 64, 2, 1, three),
  row("hot", 64, 4, 1, three),
  row("skewed", 64, 4, 1, three),
  row("skewed", 64, 1, 5, three),
  row("skewed", 64, 1, 50, three)
]

/** About a minute. */
const quick: ReadonlyArray<MatrixRow> = [
  row("hot", 64, 1, 1, all),
  row("skewed", 64, 1, 1, three),
  row("hot", 1, 1, 1, three),
  row("hot", 64, 4, 1, three)
]

/** What to measure. `file` has the average number of lines of its orders. */
export const planOf = (
  isQuick: boolean,
  rounds: number,
  file: { readonly path: string; readonly lines: number } | undefined
): Plan => ({
  rows: [...(isQuick ? quick : full), ...(file === undefined ? [] : [fileRow(file.path, file.lines)])],
  rounds,
  timing: isQuick ? { warmUpMs: 700, measureMs: 1_000 } : { warmUpMs: 1_500, measureMs: 3_000 },
  poolSizes: isQuick ? [2, 8, 32] : [1, 2, 4, 8, 16, 32],
  poolTiming: isQuick ? { warmUpMs: 200, measureMs: 400 } : { warmUpMs: 400, measureMs: 1_000 }
})

/**
 * Keeps what is asked for: a term that names a contender keeps that one, any other keeps the scenarios that contain it.
 * No term of a kind keeps all of that kind.
 */
export const only = (rows: ReadonlyArray<MatrixRow>, terms: ReadonlyArray<string>): ReadonlyArray<MatrixRow> => {
  const names = terms.filter((term) => (all as ReadonlyArray<string>).includes(term))
  const scenarios = terms.filter((term) => !names.includes(term))
  return rows
    .filter(({ scenario }) => scenarios.length === 0 || scenarios.some((term) => scenario.name.includes(term)))
    .map(({ scenario, contenders }) => ({
      scenario,
      contenders: names.length === 0 ? contenders : contenders.filter((name) => names.includes(name))
    }))
    .filter(({ contenders }) => contenders.length > 0)
}

/** A single client warms up longer: it sends too few commands for the compiler of its process to have done its work. */
export const timingOf = (plan: Plan, scenario: Scenario): Timing =>
  scenario.clients === 1 ? { ...plan.timing, warmUpMs: plan.timing.warmUpMs * 3 } : plan.timing
