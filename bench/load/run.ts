/**
 * One run: a fresh database, stock, warm-up, measurement, the race for the last units, the checks.
 *
 * Commits are counted by the server's own statistics, which a connection hands in when it ends; so they are counted
 * over the life of the workers' connections, warm-up included, and divided by all commands of that time. WAL is
 * measured from the first to the last answer of the measurement. A checkpoint before each warm-up gives everybody the
 * same share of full page images.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { decodeFromCompressedBase64, type Histogram, initWebAssembly } from "hdr-histogram-js"
import type pg from "pg"
import type { Contender } from "../model/Contender.ts"
import { type Server, withClient, withDatabase } from "../server/postgres.ts"
import type { FromWorker, Tally, Task, ToWorker } from "./messages.ts"
import {
  plentyOf,
  type Scenario,
  scarceAttempts,
  scarceSku,
  scarceUnits,
  skusOf,
  type Timing
} from "../model/Scenario.ts"

/** What one run gave. */
export interface RunResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly commitsPerCommand: number
  readonly walBytesPerCommand: number
  /** CPU time of the client processes per command, in microseconds. */
  readonly clientCpuMicrosPerCommand: number
  /** What the checks found wrong. */
  readonly problems: ReadonlyArray<string>
}

/** What a run needs to know besides its scenario. */
export interface RunOptions {
  readonly server: Server
  readonly timing: Timing
  /** Connections in total, for contenders that tune them. */
  readonly connections: number
  readonly seed: number
  readonly fileSkus: ReadonlyArray<string>
  /** Further arguments for the workers' node, such as `--cpu-prof`. */
  readonly workerArguments: ReadonlyArray<string>
  /** Whether to race and check; a search for a pool size does not. */
  readonly check: boolean
}

/** Runs a contender through a scenario. */
export const run = (contender: Contender, scenario: Scenario, options: RunOptions): Promise<RunResult> =>
  withDatabase(options.server, async (url) => {
    await initWebAssembly()
    const stock = new Map(skusOf(scenario, options.fileSkus).map((sku) => [sku, plentyOf]))
    stock.set(scarceSku, scarceUnits)
    await withClient(url, (admin) => contender.prepare(admin, url, stock))
    // The observer looks from another database, so that its own statements do not count.
    return withClient(options.server.url, async (observer) => {
      const database = new URL(url).pathname.slice(1)
      await observer.query("CHECKPOINT")
      const commitsBefore = await commitsOf(observer, database)
      const workers = await startWorkers(contender, scenario, options, url, 0)
      const warmed = await Promise.all(workers.map((worker) => worker.next("warm")))
      const walBefore = await walOf(observer)
      for (const worker of workers) worker.tell({ type: "measure" })
      const measured = await Promise.all(workers.map((worker) => worker.next("measured")))
      const walAfter = await walOf(observer)
      await Promise.all(workers.map((worker) => worker.ended))
      const commits = (await commitsOf(observer, database)) - commitsBefore

      const tallies = [...warmed, ...measured].map(({ tally }) => tally)
      const during = sum(measured.map(({ tally }) => tally))
      const whole = sum(tallies)
      const seconds = Math.max(...measured.map(({ elapsedMs }) => elapsedMs)) / 1_000
      const latencies = merge(measured.map(({ histogram }) => histogram))
      const problems = whole.refused > 0 ? [`${whole.refused} orders were refused although there is plenty`] : []
      if (options.check) problems.push(...(await raceAndCheck(contender, scenario, options, url, whole)))
      return {
        perSecond: during.orders / seconds,
        p50Ms: latencies.getValueAtPercentile(50) / 1_000,
        p99Ms: latencies.getValueAtPercentile(99) / 1_000,
        commitsPerCommand: commits / whole.orders,
        walBytesPerCommand: walAfter.minus(walBefore) / during.orders,
        clientCpuMicrosPerCommand: (measured.reduce((cpu, { cpuMs }) => cpu + cpuMs, 0) * 1_000) / during.orders,
        problems
      }
    })
  })

const raceAndCheck = async (
  contender: Contender,
  scenario: Scenario,
  options: RunOptions,
  url: string,
  whole: Tally
): Promise<ReadonlyArray<string>> => {
  const problems: Array<string> = []
  let raced: Tally = { orders: 0, units: 0, refused: 0 }
  if (contender.decides) {
    const racers = await startWorkers(contender, scenario, options, url, scarceAttempts)
    raced = sum((await Promise.all(racers.map((racer) => racer.next("raced")))).map(({ tally }) => tally))
    await Promise.all(racers.map((racer) => racer.ended))
    if (raced.orders !== scarceUnits) problems.push(`${raced.orders} racers won ${scarceUnits} units`)
  }
  const acknowledged = {
    orders: whole.orders + raced.orders,
    units: whole.units + raced.units,
    scarceUnits: raced.units
  }
  const found = await withClient(url, (admin) => contender.check(admin, url, acknowledged))
  return [...problems, ...found]
}

interface Worker {
  tell(message: ToWorker): void
  /** The next message, which must be of this type. */
  next<T extends FromWorker["type"]>(type: T): Promise<Extract<FromWorker, { type: T }>>
  readonly ended: Promise<void>
}

const workerFile = fileURLToPath(new URL("./worker.ts", import.meta.url))

const share = (total: number, of: number, index: number): number =>
  Math.floor(total / of) + (index < total % of ? 1 : 0)

const startWorkers = async (
  contender: Contender,
  scenario: Scenario,
  options: RunOptions,
  url: string,
  raceAttempts: number
): Promise<ReadonlyArray<Worker>> =>
  Array.from({ length: scenario.processes }, (_, worker) => {
    const task: Task = {
      contender: contender.name,
      scenario,
      timing: options.timing,
      url,
      clients: share(scenario.clients, scenario.processes, worker),
      connections: Math.max(1, share(options.connections, scenario.processes, worker)),
      worker,
      seed: options.seed,
      raceAttempts: share(raceAttempts, scenario.processes, worker)
    }
    return startWorker(task, raceAttempts > 0 ? [] : options.workerArguments)
  })

const startWorker = (task: Task, nodeArguments: ReadonlyArray<string>): Worker => {
  const child = fork(workerFile, {
    execArgv: ["--conditions=holdfast-source", ...nodeArguments],
    serialization: "advanced"
  })
  const arrived: Array<FromWorker> = []
  let wake = () => {}
  let gone = false
  child.on("message", (message) => {
    arrived.push(message as FromWorker)
    wake()
  })
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      gone = true
      wake()
      resolve()
    })
  })
  child.send({ type: "task", task })
  return {
    tell: (message) => {
      child.send(message)
    },
    next: async (type) => {
      while (arrived.length === 0) {
        if (gone) throw new Error(`worker ${task.worker} of ${task.contender} ended before it was ${type}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const message = arrived.shift() as FromWorker
      if (message.type === "failed") throw new Error(`worker ${task.worker} of ${task.contender}: ${message.reason}`)
      if (message.type !== type) throw new Error(`worker ${task.worker} said ${message.type} instead of ${type}`)
      return message as Extract<FromWorker, { type: typeof type }>
    },
    ended
  }
}

const sum = (tallies: ReadonlyArray<Tally>): Tally =>
  tallies.reduce(
    (all, tally) => ({
      orders: all.orders + tally.orders,
      units: all.units + tally.units,
      refused: all.refused + tally.refused
    }),
    { orders: 0, units: 0, refused: 0 }
  )

const merge = (encoded: ReadonlyArray<string>): Histogram => {
  const [first, ...rest] = encoded.map((text) => decodeFromCompressedBase64(text, 64, false))
  if (first === undefined) throw new Error("no worker measured anything")
  for (const histogram of rest) first.add(histogram)
  return first
}

const walOf = async (observer: pg.Client) => {
  const { rows } = await observer.query<{ bytes: string }>(
    "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes"
  )
  const bytes = BigInt(rows[0]?.bytes ?? "0")
  return { bytes, minus: (other: { readonly bytes: bigint }) => Number(bytes - other.bytes) }
}

/** How often, and how many times, to look whether all connections to a database have ended. */
const lookMs = 25
const looksMax = 400

/** Commits in a database, once all connections to it have ended and so handed in their figures. */
const commitsOf = async (observer: pg.Client, database: string): Promise<number> => {
  for (let look = 0; look < looksMax; look++) {
    const { rows } = await observer.query<{ others: string }>(
      "SELECT count(*) AS others FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
      [database]
    )
    if (rows[0]?.others === "0") break
    await new Promise((resume) => setTimeout(resume, lookMs))
  }
  const { rows } = await observer.query<{ commits: string }>(
    "SELECT xact_commit AS commits FROM pg_stat_database WHERE datname = $1",
    [database]
  )
  return Number(rows[0]?.commits)
}
