/** The report for people. */
import Table from "cli-table3"
import type { SummaryRow } from "./summary.ts"

const plain = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  "
}

const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
const thousands = (value: number): string => Math.round(value).toLocaleString("en-US")
const ratio = (value: number | null): string => (value === null ? "" : `${digits(value)}×`)

/** The rows, grouped by scenario. */
export const tableOf = (rows: ReadonlyArray<SummaryRow>): string => {
  const table = new Table({
    head: [
      "scenario",
      "contender",
      "commands/s",
      "p50 ms",
      "p99 ms",
      "commits/cmd",
      "WAL B/cmd",
      "client µs/cmd",
      "to sql-tx",
      "to raw"
    ],
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right", "right", "right"],
    chars: plain,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 }
  })
  let scenario = ""
  for (const row of rows) {
    table.push([
      row.scenario === scenario ? "" : row.scenario,
      row.contender,
      thousands(row.perSecond),
      digits(row.p50Ms),
      digits(row.p99Ms),
      row.commitsPerCommand.toFixed(3),
      thousands(row.walBytesPerCommand),
      digits(row.clientCpuMicrosPerCommand),
      ratio(row.ratioToSqlTransaction),
      ratio(row.ratioToRawInsert)
    ])
    scenario = row.scenario
  }
  return table.toString().replace(/ +$/gm, "")
}
