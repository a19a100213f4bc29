/**
 * The packages as a stranger gets them: packed, unpacked into a project that has nothing else but what they declare, run by plain
 * Node and read by a strict TypeScript. It needs no network: what the packages depend on is linked from this repository.
 */
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type Package, root } from "./packages.ts"
import { requestsOf } from "./requests.ts"
import { run, tsc } from "./run.ts"

export const tryAsStranger = (packages: ReadonlyArray<Package>): void => {
  const project = mkdtempSync(join(tmpdir(), "holdfast-stranger-"))
  try {
    for (const each of packages) {
      unpack(each, project)
      checkFiles(each, join(project, "node_modules", each.name))
    }
    for (const { needs } of packages) for (const name of needs) link(name, project)
    link("@types/node", project)
    cpSync(join(import.meta.dirname, "stranger"), project, { recursive: true })
    writeFileSync(join(project, "loads-all.js"), loadsAll(packages))
    writeFileSync(join(project, "reads-all.ts"), readsAll(packages))
    run(process.execPath, ["loads-all.js"], project)
    const said = run(process.execPath, ["program.js"], project)
    if (said.trim() !== "98 98 function") throw new Error(`the program of a stranger printed ${said}`)
    tsc(["-p", "."], project)
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

const unpack = ({ folder, name }: Package, project: string): void => {
  const target = join(project, "node_modules", name)
  mkdirSync(target, { recursive: true })
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", target], folder)
  ) as [{ filename: string }]
  run("tar", ["-xzf", packed.filename, "--strip-components=1"], target)
  rmSync(join(target, packed.filename))
}

const link = (name: string, project: string): void => {
  const target = join(project, "node_modules", name)
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(join(root, "node_modules", name), target, "junction")
}

/** What the manifest promises is in the package, and no declaration leads out of it. */
const checkFiles = ({ exports, name, needs }: Package, folder: string): void => {
  for (const [entry, files] of Object.entries(exports)) {
    for (const file of Object.values(files)) {
      if (!existsSync(join(folder, file))) throw new Error(`${name} promises ${file} for ${entry} and does not pack it`)
    }
  }
  for (const file of globSync("dist/**/*.{js,d.ts}", { cwd: folder })) {
    for (const { specifier } of requestsOf(file, readFileSync(join(folder, file), "utf8"))) {
      const declared = needs.some((need) => specifier === need || specifier.startsWith(`${need}/`))
      const inside = specifier.startsWith(".") && existsSync(join(folder, dirname(file), fileOf(specifier, file)))
      if (!declared && !inside && !specifier.startsWith("node:")) {
        throw new Error(`${name}/${file} imports ${specifier}, which the package neither contains nor declares`)
      }
    }
  }
}

/** The file that a declaration's `./Journal.js` stands for. A `.ts` that was left over names no packed file. */
const fileOf = (specifier: string, importer: string): string =>
  importer.endsWith(".d.ts") ? specifier.replace(/\.js$/, ".d.ts") : specifier

/** Every name that a host may import from. */
const entriesOf = (packages: ReadonlyArray<Package>): ReadonlyArray<string> =>
  packages.flatMap(({ exports, name }) => Object.keys(exports).map((entry) => name + entry.slice(1)))

const loadsAll = (packages: ReadonlyArray<Package>): string =>
  entriesOf(packages)
    .map((name) => `import "${name}"\n`)
    .join("")

const readsAll = (packages: ReadonlyArray<Package>): string =>
  entriesOf(packages)
    .map((name, index) => `export type * as entry${index} from "${name}"\n`)
    .join("")
