/** The command line. */
import { Command, InvalidArgumentError } from "commander"

/** What was asked for. */
export interface Options {
  readonly quick: boolean
  readonly nightly: boolean
  readonly json?: string
  readonly url?: string
  readonly orders?: string
  readonly only: ReadonlyArray<string>
  readonly rounds?: number
  readonly connections?: number
  readonly seed: number
  readonly keep: boolean
  readonly page: boolean
  readonly cpuProf?: string
}

const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number of at least 1")
  return value
}

const list = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((term) => term.trim())
    .filter((term) => term !== "")

/** Reads the command line; leaves with a message if it makes no sense. */
export const parseArgs = (argv: ReadonlyArray<string>): Options =>
  new Command("npm run bench --")
    .description("Holdfast and hand-written SQL, side by side on one PostgreSQL")
    .option("--quick", "one short round of the main scenarios, about a minute", false)
    .option("--nightly", "also the measures that take long: memory over 5 M positions", false)
    .option("--json <file>", "write the rows as JSON")
    .option(
      "--url <url>",
      "a PostgreSQL to measure on; its user may create databases and run CHECKPOINT. Default: one of its own"
    )
    .option("--orders <file>", "real orders, csv or csv.gz with order_id,sku,quantity")
    .option(
      "--only <terms>",
      "comma-separated: contenders, parts of scenario names, or rebuild, availability, memory",
      list,
      [] as ReadonlyArray<string>
    )
    .option("--rounds <n>", "rounds, of which medians are taken. Default: 3, or 1 with --quick", count)
    .option("--connections <n>", "connections of the hand-written contenders, instead of a search", count)
    .option("--seed <n>", "of the demand", count, 1)
    .option("--page", "put the figures into docs/performance.md", false)
    .option("--no-keep", "do not write to bench/results")
    .option("--cpu-prof <dir>", "write a CPU profile of every worker there")
    .parse([...argv])
    .opts<Options>()
