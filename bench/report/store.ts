/** Keeps a run in `bench/results`, so that figures can be compared later, and writes what `--json` asks for. */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { PoolTrial } from "../load/pools.ts"
import type { Timing } from "../model/Scenario.ts"
import type { MeasureResult } from "../model/Measure.ts"
import type { Machine } from "./machine.ts"
import { jsonRow, type Measured, type SummaryRow } from "./summary.ts"
import { tableOf } from "./table.ts"

/** Everything one call of the benchmark found out. */
export interface Report {
  readonly startedAt: string
  readonly profile: "full" | "quick"
  readonly machine: Machine
  readonly server: string
  readonly settings: Readonly<Record<string, string>>
  readonly rounds: number
  readonly timing: Timing
  readonly seed: number
  readonly pools: ReadonlyArray<PoolTrial>
  readonly measured: ReadonlyArray<Measured>
  readonly rows: ReadonlyArray<SummaryRow>
  readonly measures: ReadonlyArray<MeasureResult>
  readonly problems: ReadonlyArray<string>
}

const folder = join(import.meta.dirname, "..", "results")

/** Writes the report with all its rounds as JSON, and its table as text. Returns the name of the file. */
export const keep = async (report: Report): Promise<string> => {
  await mkdir(folder, { recursive: true })
  const name = `${report.startedAt.slice(0, 16).replaceAll(":", "")}-${report.profile}`
  // The file of orders is somebody's; where it lies is nobody's business.
  const text = JSON.stringify(report, (key, value: unknown) => (key === "file" ? "given by --orders" : value), 2)
  await writeFile(join(folder, `${name}.json`), `${text}\n`)
  await writeFile(join(folder, `${name}.txt`), `${textOf(report)}\n`)
  return `bench/results/${name}.json`
}

/** What `--json FILE` writes. */
export const writeJson = (file: string, rows: ReadonlyArray<SummaryRow>): Promise<void> =>
  writeFile(file, `${JSON.stringify(rows.map(jsonRow), null, 2)}\n`)

/** The report as it is printed. */
export const textOf = (report: Report): string => {
  const { machine, settings } = report
  const lines = [
    `Holdfast ${machine.commit ?? ""} · ${report.startedAt} · ${report.profile}, ${report.rounds} round(s) of ${report.timing.measureMs / 1_000} s after ${report.timing.warmUpMs / 1_000} s of warm-up, medians`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; load before: ${machine.loadBefore}`,
    `PostgreSQL ${report.server}; ${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")}`,
    `connections: ${bestPools(report.pools)}`,
    "",
    tableOf(report.rows)
  ]
  for (const measure of report.measures) {
    lines.push("", measure.name, ...measure.figures.map(({ label, value }) => `  ${label.padEnd(56)} ${value}`))
  }
  return lines.join("\n")
}

const bestPools = (trials: ReadonlyArray<PoolTrial>): string => {
  const best = new Map<string, PoolTrial>()
  for (const trial of trials) {
    const key = `${trial.contender} ${trial.demand}`
    const other = best.get(key)
    if (other === undefined || trial.perSecond > other.perSecond) best.set(key, trial)
  }
  return [...best].map(([key, { connections }]) => `${key} ${connections}`).join(", ") || "none searched"
}
