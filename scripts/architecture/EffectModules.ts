/** What Effect promises about its modules and their exports: the `@stability` tags of its sources. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

export type Stability = "stable" | "unstable" | "experimental"

interface Module {
  readonly stability: Stability
  readonly exports: ReadonlyMap<string, Stability>
}

/** See the top of the file. An untagged module or export counts as unstable: nothing was promised. */
export class EffectModules {
  readonly #folder: string
  readonly #barrel: ReadonlyMap<string, string>
  readonly #modules = new Map<string, Module>()

  /** @param folder `src` of the installed package */
  constructor(folder: string) {
    if (!existsSync(join(folder, "index.ts"))) throw new Error(`the sources of effect are not in ${folder}`)
    this.#folder = folder
    const barrel = readFileSync(join(folder, "index.ts"), "utf8")
    this.#barrel = new Map(
      [...barrel.matchAll(/^export \* as (\w+) from "\.\/(.+)\.ts"/gm)].map(([, name, path]) => [
        name ?? "",
        path ?? ""
      ])
    )
  }

  /** The module, as a path without extension, that a name of the package's root stands for. */
  named(name: string): string | undefined {
    return this.#barrel.get(name)
  }

  ofModule(path: string): Stability {
    return this.#read(path).stability
  }

  ofExport(path: string, name: string): Stability {
    const { exports, stability } = this.#read(path)
    return exports.get(name) ?? stability
  }

  #read(path: string): Module {
    const known = this.#modules.get(path)
    if (known !== undefined) return known
    const file = [`${path}.ts`, `${path}/index.ts`].map((name) => join(this.#folder, name)).find(existsSync)
    const text = file === undefined ? "" : readFileSync(file, "utf8")
    const module = { stability: tagIn(/\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ""), exports: exportsOf(text) }
    this.#modules.set(path, module)
    return module
  }
}

const tagIn = (comment: string): Stability => {
  const tag = /@stability (\w+)/.exec(comment)?.[1]
  return tag === "stable" || tag === "experimental" ? tag : "unstable"
}

/** A doc comment and the export it stands above. Overloads and types of the same name carry the same tag. */
const documented =
  /\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\s*export (?:declare )?(?:abstract )?(?:const|let|function\*?|class|interface|type|namespace) (\w+)/g

const exportsOf = (text: string): ReadonlyMap<string, Stability> => {
  const found = new Map<string, Stability>()
  for (const [, comment = "", name = ""] of text.matchAll(documented))
    if (!found.has(name)) found.set(name, tagIn(comment))
  return found
}
