/** The command line. */
import { accessSync, constants, statSync } from "node:fs"
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"

/** What to run. */
export interface Options {
  /** A CSV file with orders; without it they are generated. */
  readonly orders?: string
  /** A PostgreSQL server; without it the inventory is on PGlite in `data`. */
  readonly url?: string
  readonly data: string
  readonly buyers: number
  /** Units received of each SKU before the first order. */
  readonly stock: number
  readonly seed: number
}

/** The command line asks for something that is not a run: help, or what is wrong with it. */
export class NoRun extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super("nothing to run")
    this.exitCode = exitCode
  }
}

/** Buyers at once. Each has one command waiting at a time, and the engine's queue takes 10,000. */
const buyersMax = 5_000

/** Units of one SKU to begin with. */
const stockMax = 1_000_000_000

const seedMax = 2 ** 32 - 1

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    }
    return value
  }

const ordersFile = (path: string): string => {
  try {
    if (!statSync(path).isFile()) throw new InvalidArgumentError("It is not a file.")
    accessSync(path, constants.R_OK)
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new InvalidArgumentError(code === "ENOENT" ? "There is no such file." : `It cannot be read (${code}).`)
  }
  return path
}

const postgresUrl = (text: string): string => {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError("It must look like postgres://user:password@host:5432/database.")
  }
  return text
}

const folder = (path: string): string => {
  if (path.trim() === "") throw new InvalidArgumentError("It must name a folder.")
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new InvalidArgumentError("It is not a folder.")
  return path
}

/** The folder of the embedded inventory. */
export const defaultFolder = ".holdfast-demo"

const program = (write: (text: string) => void, writeError: (text: string) => void): Command =>
  new Command("demo")
    .description(
      "Replays a stream of orders against an inventory with many buyers at once, and checks what became of it."
    )
    .addOption(
      new Option(
        "--orders <file>",
        "orders to replay: csv or csv.gz with the header order_id,sku,quantity and optionally at (default: generated)"
      ).argParser(ordersFile)
    )
    .addOption(
      new Option("--url <url>", "a PostgreSQL server, postgres://… (default: PGlite in this process)")
        .argParser(postgresUrl)
        .conflicts("data")
    )
    .addOption(
      new Option("--data <dir>", `folder of the embedded inventory (default: ${defaultFolder})`).argParser(folder)
    )
    .addOption(new Option("--buyers <n>", "buyers at once").argParser(wholeNumber(1, buyersMax)).default(64))
    .addOption(
      new Option("--stock <n>", "units received of each SKU at the start")
        .argParser(wholeNumber(1, stockMax))
        .default(400)
    )
    .addOption(
      new Option("--seed <n>", "repeats a run's generated orders and what buyers do (default: drawn)").argParser(
        wholeNumber(0, seedMax)
      )
    )
    .configureOutput({ writeOut: write, writeErr: writeError })
    .allowExcessArguments(false)
    .exitOverride()

/** Reads the arguments. Throws {@link NoRun} after it has said why. */
export const parseOptions = (
  args: ReadonlyArray<string>,
  write: (text: string) => void = (text) => void process.stdout.write(text),
  writeError: (text: string) => void = (text) => void process.stderr.write(text)
): Options => {
  const command = program(write, writeError)
  try {
    command.parse([...args], { from: "user" })
  } catch (error) {
    if (error instanceof CommanderError) throw new NoRun(error.exitCode === 0 ? 0 : 2)
    throw error
  }
  const given = command.opts<Partial<Options>>()
  return {
    data: defaultFolder,
    buyers: 64,
    stock: 400,
    ...given,
    seed: given.seed ?? Math.floor(Math.random() * (seedMax + 1))
  }
}
