/**
 * `node scripts/count-tests.ts REPORT STATUS`: prints the numbers of passed, failed and skipped tests from vitest's JSON report.
 * What went wrong without failing a test counts as one failed: a file that does not load, no test at all, no report, a bad status.
 */
import { readFileSync } from "node:fs"

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string }>
  }>
}

const read = (file: string): Report | undefined => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}

const [file = "", status = "0"] = process.argv.slice(2)
const report = read(file)
const brokenFiles = (report?.testResults ?? []).filter(
  (result) => result.status === "failed" && !result.assertionResults.some((test) => test.status === "failed")
).length
const passed = report?.numPassedTests ?? 0
const counted = (report?.numFailedTests ?? 0) + brokenFiles
const failed = counted === 0 && (status !== "0" || passed === 0) ? 1 : counted
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
process.stdout.write(`${passed} ${failed} ${skipped}\n`)
