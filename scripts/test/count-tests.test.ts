/** The last line of a CI run says what really happened, most of all when nothing did. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-count-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const count = (report: string | undefined, status: number): string => {
  const file = join(folder, "report.json")
  if (report !== undefined) writeFileSync(file, report)
  return execFileSync(process.execPath, [join(import.meta.dirname, "../count-tests.ts"), file, String(status)], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" }
  }).trim()
}

const report = (counts: {
  passed: number
  failed?: number
  pending?: number
  todo?: number
  broken?: number
}): string =>
  JSON.stringify({
    numPassedTests: counts.passed,
    numFailedTests: counts.failed ?? 0,
    numPendingTests: counts.pending ?? 0,
    numTodoTests: counts.todo ?? 0,
    testResults: [
      { status: "passed", assertionResults: [{ status: "passed" }] },
      { status: "failed", assertionResults: [{ status: "passed" }, { status: "failed" }] },
      ...Array.from({ length: counts.broken ?? 0 }, () => ({ status: "failed", assertionResults: [] }))
    ].filter(({ status, assertionResults }) => status === "passed" || assertionResults.length === 0 || counts.failed)
  })

it.each([
  ["a good run", report({ passed: 7 }), 0, "7 0 0"],
  ["skipped and todo tests", report({ passed: 7, pending: 2, todo: 1 }), 0, "7 0 3"],
  ["failed tests, once each", report({ passed: 7, failed: 2 }), 1, "7 2 0"],
  ["files that do not load", report({ passed: 7, failed: 1, broken: 2 }), 1, "7 3 0"],
  ["a run that fails without a failed test", report({ passed: 7 }), 1, "7 1 0"],
  ["a run without tests", report({ passed: 0 }), 0, "0 1 0"],
  ["a run with skipped tests only", report({ passed: 0, pending: 3 }), 0, "0 1 3"],
  ["a run that broke off without a report", undefined, 137, "0 1 0"],
  ["a report that was cut off", `{"numPassedTests": 7,`, 1, "0 1 0"]
])("counts %s", (_, text, status, expected) => {
  expect(count(text, status)).toBe(expected)
})
