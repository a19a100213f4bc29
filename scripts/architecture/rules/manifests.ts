/** A package declares exactly what it imports. */
import { builtinModules } from "node:module"
import { packageOf, type Source } from "../Source.ts"
import type { Manifest, Rule, Violation, Workspace } from "../Workspace.ts"

const rule = "manifests"
const nodeModules = new Set(builtinModules)

/** All that core may depend on. */
const ofCore = ["effect"]

interface Use {
  readonly name: string
  readonly source: Source
  readonly line: number
}

export const manifests: Rule = (workspace) =>
  [...workspace.manifests.values()].flatMap((manifest) => [
    ...undeclared(workspace, manifest),
    ...(manifest.home === "" ? [] : [...unused(workspace, manifest), ...strangersInCore(manifest)])
  ])

const usesOf = ({ sources }: Workspace, { home, name: own }: Manifest): ReadonlyArray<Use> =>
  sources
    .filter(({ zone }) => zone.home === home)
    .flatMap((source) =>
      source.imports.flatMap(({ line, specifier }) => {
        const name = packageOf(specifier)
        return name === undefined || nodeModules.has(name) || name === own ? [] : [{ name, source, line }]
      })
    )

const undeclared = (workspace: Workspace, manifest: Manifest): ReadonlyArray<Violation> => {
  const installed = { ...manifest.dependencies, ...manifest.peerDependencies }
  const tools = { ...manifest.devDependencies, ...workspace.manifests.get("")?.devDependencies }
  const members = new Set([...workspace.manifests.values()].map(({ name }) => name))
  return usesOf(workspace, manifest).flatMap(({ line, name, source }) => {
    if (name in installed) return []
    // Sources at the root are not published, and npm links every package of the workspace there.
    if (source.zone.part !== "src" && (name in tools || (manifest.home === "" && members.has(name)))) return []
    const where = source.zone.part === "src" ? "dependencies or peerDependencies" : "devDependencies"
    return [
      { rule, file: source.path, line, message: `imports ${name}, which is not in the ${where} of ${manifest.path}` }
    ]
  })
}

const unused = (workspace: Workspace, manifest: Manifest): ReadonlyArray<Violation> => {
  const uses = usesOf(workspace, manifest)
  const published = new Set(uses.filter(({ source }) => source.zone.part === "src").map(({ name }) => name))
  const all = new Set(uses.map(({ name }) => name))
  const peers = new Set(
    [...workspace.manifests.values()]
      .filter(({ name }) => all.has(name))
      .flatMap(({ peerDependencies }) => Object.keys(peerDependencies))
  )
  const check = (section: "dependencies" | "devDependencies" | "peerDependencies", used: ReadonlySet<string>) =>
    Object.keys(manifest[section])
      .filter((name) => !used.has(name.startsWith("@types/") ? name.slice("@types/".length) : name))
      // What a package of the workspace wants its host to bring is brought for its sake.
      .filter((name) => section === "peerDependencies" || !peers.has(name))
      // A peer is installed for development by an entry of its own.
      .filter((name) => section !== "devDependencies" || !(name in manifest.peerDependencies))
      .map((name) => ({
        rule,
        file: manifest.path,
        line: manifest.lineOf(section, name),
        message: `declares ${name} in ${section} and does not import it`
      }))
  return [
    ...check("dependencies", published),
    ...check("peerDependencies", published),
    ...check("devDependencies", all)
  ]
}

const strangersInCore = (manifest: Manifest): ReadonlyArray<Violation> => {
  if (manifest.home !== "packages/core") return []
  return (["dependencies", "peerDependencies"] as const).flatMap((section) =>
    Object.keys(manifest[section])
      .filter((name) => !ofCore.includes(name))
      .map((name) => ({
        rule,
        file: manifest.path,
        line: manifest.lineOf(section, name),
        message: `depends on ${name}: core depends on ${ofCore.join(" and ")} alone`
      }))
  )
}
