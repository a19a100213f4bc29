/** The packages that are published, each after those it needs. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** What one entry point of a package offers under each condition. */
export interface Entry {
  readonly "holdfast-source": string
  readonly types: string
  readonly default: string
}

export interface Package {
  readonly name: string
  readonly folder: string
  readonly exports: Readonly<Record<string, Entry>>
  /** What a host has installed with it: its dependencies and its peers. */
  readonly needs: ReadonlyArray<string>
}

export const root = join(import.meta.dirname, "../..")

export const packages = (): ReadonlyArray<Package> => {
  const found = globSync("packages/*/package.json", { cwd: root }).map((path): Package => {
    const manifest = JSON.parse(readFileSync(join(root, path), "utf8"))
    return {
      name: manifest.name,
      folder: join(root, dirname(path)),
      exports: manifest.exports,
      needs: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).sort()
    }
  })
  return inOrder(found.sort((a, b) => (a.name < b.name ? -1 : 1)))
}

const inOrder = (open: ReadonlyArray<Package>): ReadonlyArray<Package> => {
  const [next] = open.filter(({ needs }) => !open.some(({ name }) => needs.includes(name)))
  if (next === undefined) {
    if (open.length > 0) throw new Error(`these packages need each other: ${open.map(({ name }) => name).join(", ")}`)
    return []
  }
  return [next, ...inOrder(open.filter((other) => other !== next))]
}
