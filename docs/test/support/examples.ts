/** Turns the examples of pages into programs that stand where a host's would: in a folder of their own. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Block, type Page, root } from "./markdown.ts"

/** Stands between the outputs of two blocks of one page. */
const divider = "=== next block ==="

/** What a process wrote, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** The examples of a page that run: together they are one program, from top to bottom. */
export const runnable = ({ blocks }: Page): ReadonlyArray<Block> =>
  blocks.filter(({ language, use }) => language === "ts" && use === "run")

/** What the page says that a block prints: the `text output` block right after it. */
export const promisedOutput = ({ blocks }: Page, block: Block): string | undefined => {
  const next = blocks[blocks.indexOf(block) + 1]
  return next?.language === "text" && next.use === "output" ? next.text : undefined
}

const programOf = (page: Page): string =>
  runnable(page)
    .map(({ text }) => text)
    .join(`\nconsole.log(${JSON.stringify(divider)})\n`)

const nameOf = ({ path }: Page): string => path.replaceAll("/", "-").replace(/\.md$/, "")

/** A folder that finds the packages of the repository. */
export const makeFolder = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-docs-"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) }
}

const start = (folder: string, args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk) => {
      output += chunk
    })
    child.stderr.on("data", (chunk) => {
      errors += chunk
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, output, errors }))
  })

/** Runs a page's program. Gives what each block printed. */
export const runPage = async (
  folder: string,
  page: Page
): Promise<Ended & { readonly printed: ReadonlyArray<string> }> => {
  const file = `${nameOf(page)}.ts`
  writeFileSync(join(folder, file), programOf(page))
  const ended = await start(folder, ["--conditions=holdfast-source", file])
  return { ...ended, printed: ended.output.split(`${divider}\n`) }
}

/** Checks the types of every example, those that run and those that only have to compile. Gives the compiler's words. */
export const checkTypes = async (folder: string, pages: ReadonlyArray<Page>): Promise<Ended> => {
  for (const page of pages) {
    if (runnable(page).length > 0) writeFileSync(join(folder, `${nameOf(page)}.ts`), programOf(page))
    for (const { text, line } of page.blocks.filter(({ language, use }) => language === "ts" && use === "check")) {
      writeFileSync(join(folder, `${nameOf(page)}-line-${line}.ts`), `${text}\nexport {}\n`)
    }
  }
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
    exclude: []
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  return start(folder, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"])
}
