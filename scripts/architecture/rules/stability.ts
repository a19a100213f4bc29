/** Core stands on what Effect promises to keep: no module and no export that its tag calls unstable or experimental. */
import { join } from "node:path"
import { EffectModules } from "../EffectModules.ts"
import type { Source } from "../Source.ts"
import type { Rule, Violation } from "../Workspace.ts"

export const stability: Rule = ({ root, sources }) => {
  const effect = new EffectModules(join(root, "node_modules/effect/src"))
  return sources
    .filter(({ path }) => path.startsWith("packages/core/src/"))
    .flatMap((source) => inspect(source, effect))
}

const inspect = (source: Source, effect: EffectModules): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const report = (line: number, message: string) => found.push({ rule: "stability", file: source.path, line, message })
  /** The modules that the file has under a name of its own. */
  const namespaces = new Map<string, string>()

  const useModule = (line: number, path: string, local: string | undefined) => {
    const promise = effect.ofModule(path)
    if (promise !== "stable") report(line, `imports the module effect/${path}, which Effect calls ${promise}`)
    else if (local !== undefined) namespaces.set(local, path)
  }
  const useExport = (line: number, path: string, name: string) => {
    const promise = effect.ofExport(path, name)
    if (promise !== "stable") report(line, `uses ${name} of effect/${path}, which Effect calls ${promise}`)
  }

  for (const { line, names, specifier } of source.imports) {
    const [, path] = /^effect(?:\/(.+))?$/.exec(specifier) ?? [undefined, null]
    if (path === null) continue
    for (const { imported, local } of names) {
      if (path !== undefined) {
        if (imported === "*") useModule(line, path, local)
        else if (effect.ofModule(path) === "stable") useExport(line, path, imported)
        else useModule(line, path, undefined)
      } else if (imported === "*") {
        report(line, "imports all of effect at once: name the modules, so that their stability can be seen")
      } else {
        const module = effect.named(imported)
        if (module !== undefined) useModule(line, module, local)
      }
    }
  }
  source.visit({
    MemberExpression: ({ computed, object, property, start }) => {
      const path = object.type === "Identifier" ? namespaces.get(object.name) : undefined
      if (path !== undefined && !computed && property.type === "Identifier")
        useExport(source.lineAt(start), path, property.name)
    },
    TSQualifiedName: ({ left, right, start }) => {
      const path = left.type === "Identifier" ? namespaces.get(left.name) : undefined
      if (path !== undefined) useExport(source.lineAt(start), path, right.name)
    }
  })
  return found
}
