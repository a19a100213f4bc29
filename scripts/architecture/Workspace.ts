/** The repository as the rules see it: its sources and its manifests. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Source } from "./Source.ts"

/** What a `package.json` says, and where it says it. */
export interface Manifest {
  /** The folder, relative to the root; `""` for the root itself. */
  readonly home: string
  readonly path: string
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  /** The line of an entry, by its section and key. */
  lineOf(section: string, key: string): number
}

export interface Workspace {
  readonly root: string
  readonly sources: ReadonlyArray<Source>
  readonly manifests: ReadonlyMap<string, Manifest>
}

/** What a rule found, as a sentence with its place. */
export interface Violation {
  readonly rule: string
  readonly file: string
  readonly line: number
  readonly message: string
}

export type Rule = (workspace: Workspace) => ReadonlyArray<Violation>

const patterns = ["packages/*/{src,test}/**/*.ts", "examples/*/{src,test}/**/*.ts", "{bench,scripts}/**/*.ts", "*.ts"]

export const readWorkspace = (root: string): Workspace => {
  const paths = globSync(patterns, { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" })
  const sources = paths
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => new Source(root, path))
  const homes = globSync("{packages/*,examples/*,bench}/package.json", { cwd: root }).map((path) =>
    path.replaceAll("\\", "/").replace(/\/package\.json$/, "")
  )
  const manifests = new Map(["", ...homes.sort()].map((home) => [home, readManifest(root, home)]))
  return { root, sources, manifests }
}

const readManifest = (root: string, home: string): Manifest => {
  const path = home === "" ? "package.json" : `${home}/package.json`
  const text = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "{}"
  const { dependencies = {}, devDependencies = {}, name = home, peerDependencies = {} } = JSON.parse(text)
  return {
    home,
    path,
    name,
    dependencies,
    peerDependencies,
    devDependencies,
    lineOf: (section, key) => {
      const start = text.indexOf(`"${section}"`)
      const place = text.indexOf(`"${key}"`, start + section.length)
      return text.slice(0, place === -1 ? 0 : place).split("\n").length
    }
  }
}
