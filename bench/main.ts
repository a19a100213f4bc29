/**
 * `npm run bench`: Holdfast and the SQL a good engineer writes by hand, side by side on one PostgreSQL.
 *
 * For every round, for every scenario, every contender runs once on a database of its own (`load/run.ts`), so that
 * whatever else the machine does meets all of them. After every run the database is checked; anything wrong is said
 * loudly and makes the exit code 1.
 */
import { parseArgs } from "./options.ts"
import { contenders } from "./contenders/index.ts"
import type { Contender } from "./model/Contender.ts"
import { readOrders } from "./load/orders.ts"
import { Pools } from "./load/pools.ts"
import { type RunResult, run } from "./load/run.ts"
import { only, planOf, timingOf } from "./matrix.ts"
import { measureNames, measures, sizeOf } from "./measures/index.ts"
import type { MeasureResult } from "./model/Measure.ts"
import { describeMachine } from "./report/machine.ts"
import { updatePage } from "./report/page.ts"
import { startProgress } from "./report/progress.ts"
import { keep, type Report, textOf, writeJson } from "./report/store.ts"
import { type Measured, summarise } from "./report/summary.ts"
import { openServer, settingsOf } from "./server/postgres.ts"

const options = parseArgs(process.argv)
const startedAt = new Date().toISOString()
const machine = await describeMachine()
const file = options.orders === undefined ? undefined : await readOrders(options.orders)
const averageLines =
  file === undefined
    ? 0
    : Math.round((file.orders.reduce((sum, lines) => sum + lines.length, 0) / file.orders.length) * 10) / 10
const plan = planOf(
  options.quick,
  options.rounds ?? (options.quick ? 1 : 3),
  options.orders === undefined ? undefined : { path: options.orders, lines: averageLines }
)
const scenarioTerms = options.only.filter((term) => !measureNames.has(term))
const measureTerms = options.only.filter((term) => measureNames.has(term))
const rows = options.only.length > 0 && scenarioTerms.length === 0 ? [] : only(plan.rows, scenarioTerms)
const wantedMeasures = new Set(
  [...measureNames].filter((name) =>
    options.only.length > 0 ? measureTerms.includes(name) : options.nightly || (!options.quick && name !== "memory")
  )
)

const server = await openServer(options.url)
const problems: Array<string> = []
const alarm = (where: string, found: ReadonlyArray<string>): void => {
  for (const problem of found) {
    problems.push(`${where}: ${problem}`)
    process.stderr.write(`\n!!! WRONG: ${where}: ${problem}\n`)
  }
}

try {
  const settings = await settingsOf(server)
  const pools = new Pools(plan.poolSizes, plan.poolTiming)
  const measured = new Map<string, Measured & { readonly runs: Array<RunResult> }>()
  const progress = startProgress(plan.rounds * rows.reduce((sum, row) => sum + row.contenders.length, 0))
  const shared = {
    server,
    seed: options.seed,
    fileSkus: file?.skus ?? [],
    workerArguments: options.cpuProf === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.cpuProf}`]
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const { scenario, contenders: names } of rows) {
      // Another one begins each round, so that nobody always runs after the same neighbour.
      const order = names.map((_, index) => names[(index + round) % names.length] as (typeof names)[number])
      for (const name of order) {
        const contender: Contender = contenders[name]
        progress.say(`round ${round + 1} of ${plan.rounds}: ${scenario.name} ${name}`)
        const where = `${scenario.name} ${name}, round ${round + 1}`
        try {
          const connections =
            options.connections ?? (await pools.sizeFor(contender, scenario, { ...shared, workerArguments: [] }))
          const result = await run(contender, scenario, {
            ...shared,
            connections,
            timing: timingOf(plan, scenario),
            check: true
          })
          const key = `${scenario.name} ${name}`
          const entry = measured.get(key) ?? { scenario, contender: name, connections, runs: [] }
          entry.runs.push(result)
          measured.set(key, entry)
          alarm(where, result.problems)
          progress.step(`${scenario.name} ${name}: ${Math.round(result.perSecond).toLocaleString("en-US")}/s`)
        } catch (error) {
          alarm(where, [error instanceof Error ? error.message : String(error)])
          progress.step(`${scenario.name} ${name}: failed`)
        }
      }
    }
  }
  const found: Array<MeasureResult> = []
  for (const [name, measure] of measures) {
    if (!wantedMeasures.has(name)) continue
    progress.say(name)
    try {
      const result = await measure(server, sizeOf(options), (text) => progress.say(`${name}: ${text}`))
      alarm(name, result.problems)
      found.push(result)
    } catch (error) {
      alarm(name, [error instanceof Error ? error.message : String(error)])
    }
  }
  progress.stop()

  // The matrix's order, not that of the rounds.
  const inOrder = rows.flatMap(({ scenario, contenders: names }) =>
    names.flatMap((name) => measured.get(`${scenario.name} ${name}`) ?? [])
  )
  const report: Report = {
    startedAt,
    profile: options.quick ? "quick" : "full",
    machine,
    server: server.source,
    settings,
    rounds: plan.rounds,
    timing: plan.timing,
    seed: options.seed,
    pools: pools.trials,
    measured: inOrder,
    rows: summarise(inOrder),
    measures: found,
    problems
  }
  process.stdout.write(`${textOf(report)}\n`)
  if (options.json !== undefined) await writeJson(options.json, report.rows)
  if (options.keep) process.stdout.write(`\nkept in ${await keep(report)}\n`)
  if (options.page && problems.length === 0) await updatePage(textOf(report))
  process.stdout.write(
    problems.length === 0
      ? "\nchecks: units sold = acknowledged, nothing oversold, verify ok, in every run\n"
      : `\n!!! ${problems.length} CHECKS FAILED\n${problems.map((problem) => `  ${problem}`).join("\n")}\n`
  )
} finally {
  await server.stop()
}
process.exitCode = problems.length === 0 ? 0 : 1
