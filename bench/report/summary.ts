/** From runs to rows: medians over rounds, and the ratios. */
import type { ContenderName } from "../model/Contender.ts"
import type { RunResult } from "../load/run.ts"
import type { Scenario } from "../model/Scenario.ts"

/** All rounds of one contender in one scenario. */
export interface Measured {
  readonly scenario: Scenario
  readonly contender: ContenderName
  readonly connections: number
  readonly runs: ReadonlyArray<RunResult>
}

/** One row of the report. Each figure is the median of its own over the rounds. */
export interface SummaryRow {
  readonly scenario: string
  readonly contender: ContenderName
  readonly clients: number
  readonly processes: number
  readonly lines: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly commitsPerCommand: number
  readonly walBytesPerCommand: number
  readonly clientCpuMicrosPerCommand: number
  /** `null` where the other one did not take part. */
  readonly ratioToSqlTransaction: number | null
  readonly ratioToRawInsert: number | null
}

/** The middle value; of an even number, the mean of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

/** The report's rows, in the order they were measured. */
export const summarise = (measured: ReadonlyArray<Measured>): ReadonlyArray<SummaryRow> => {
  const rateOf = (scenario: string, contender: ContenderName): number | undefined => {
    const found = measured.find((other) => other.scenario.name === scenario && other.contender === contender)
    return found === undefined || found.runs.length === 0 ? undefined : median(found.runs.map((run) => run.perSecond))
  }
  return measured
    .filter(({ runs }) => runs.length > 0)
    .map(({ scenario, contender, runs }) => {
      const of = (field: Exclude<keyof RunResult, "problems">) => median(runs.map((run) => run[field]))
      const perSecond = of("perSecond")
      const ratio = (other: ContenderName): number | null => {
        const rate = rateOf(scenario.name, other)
        return rate === undefined ? null : rounded(perSecond / rate, 2)
      }
      return {
        scenario: scenario.name,
        contender,
        clients: scenario.clients,
        processes: scenario.processes,
        lines: scenario.lines,
        perSecond: rounded(perSecond, 1),
        p50Ms: rounded(of("p50Ms"), 3),
        p99Ms: rounded(of("p99Ms"), 3),
        commitsPerCommand: rounded(of("commitsPerCommand"), 4),
        walBytesPerCommand: Math.round(of("walBytesPerCommand")),
        clientCpuMicrosPerCommand: rounded(of("clientCpuMicrosPerCommand"), 1),
        ratioToSqlTransaction: ratio("sql-transaction"),
        ratioToRawInsert: ratio("raw-insert")
      }
    })
}

/** The fields that `--json` promises, and no more. */
export const jsonRow = (row: SummaryRow) => ({
  scenario: row.scenario,
  contender: row.contender,
  clients: row.clients,
  processes: row.processes,
  lines: row.lines,
  perSecond: row.perSecond,
  p50Ms: row.p50Ms,
  p99Ms: row.p99Ms,
  ratioToSqlTransaction: row.ratioToSqlTransaction,
  ratioToRawInsert: row.ratioToRawInsert
})
