import { describe, expect, it } from "vitest"
import type { ContenderName } from "../model/Contender.ts"
import type { RunResult } from "../load/run.ts"
import { only, planOf } from "../matrix.ts"
import { putFigures } from "../report/page.ts"
import { jsonRow, type Measured, median, summarise } from "../report/summary.ts"

const result = (perSecond: number): RunResult => ({
  perSecond,
  p50Ms: 1,
  p99Ms: 2,
  commitsPerCommand: 1,
  walBytesPerCommand: 300,
  clientCpuMicrosPerCommand: 10,
  problems: []
})

const measured = (contender: ContenderName, rates: ReadonlyArray<number>): Measured => ({
  scenario: { name: "hot-64", demand: "hot", clients: 64, processes: 1, lines: 1 },
  contender,
  connections: 8,
  runs: rates.map(result)
})

describe("the report", () => {
  it("takes the middle of the rounds, so that one bad round does not count", () => {
    expect(median([900, 1_000, 10])).toBe(900)
    expect(median([4, 1])).toBe(2.5)
  })

  it("has ratios of medians, and none to a contender that did not take part", () => {
    const rows = summarise([measured("holdfast", [900, 1_000, 5_000]), measured("sql-transaction", [50, 40, 10])])
    expect(rows.map((row) => row.perSecond)).toEqual([1_000, 40])
    expect(rows.map((row) => row.ratioToSqlTransaction)).toEqual([25, 1])
    expect(rows.map((row) => row.ratioToRawInsert)).toEqual([null, null])
  })

  it("writes the fields that --json promises, and no more", () => {
    const [row] = summarise([measured("holdfast", [100])])
    expect(row === undefined ? [] : Object.keys(jsonRow(row))).toEqual([
      "scenario",
      "contender",
      "clients",
      "processes",
      "lines",
      "perSecond",
      "p50Ms",
      "p99Ms",
      "ratioToSqlTransaction",
      "ratioToRawInsert"
    ])
  })

  it("replaces the figures of the page and nothing else", () => {
    const page = "before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n"
    const next = putFigures(page, "new")
    expect(next).toContain("new")
    expect(next).not.toContain("old")
    expect(next.startsWith("before\n")).toBe(true)
    expect(next.endsWith("\nafter\n")).toBe(true)
    expect(putFigures(next, "new")).toBe(next)
    expect(() => putFigures("no marks", "new")).toThrow(/marks/)
  })
})

describe("the choice of what to run", () => {
  const { rows } = planOf(false, 3, undefined)

  it("keeps contenders and scenarios by their names", () => {
    const kept = only(rows, ["holdfast", "raw-insert", "hot-512"])
    expect(kept.map(({ scenario, contenders }) => [scenario.name, contenders])).toEqual([
      ["hot-512", ["holdfast", "raw-insert"]]
    ])
  })

  it("compares Holdfast with sql-transaction and raw-insert in every scenario, in every profile", () => {
    for (const quick of [true, false]) {
      for (const { contenders } of planOf(quick, 1, { path: "orders.csv", lines: 20 }).rows) {
        expect(contenders).toEqual(expect.arrayContaining(["holdfast", "sql-transaction", "raw-insert"]))
      }
    }
  })

  it("names no two scenarios alike", () => {
    expect(new Set(rows.map(({ scenario }) => scenario.name)).size).toBe(rows.length)
  })
})
