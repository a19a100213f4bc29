/**
 * Dependencies point inward: domain ← ports ← engine ← faces, adapters → core, nothing → adapters.
 * Within the domain: model ← rows ← events ← commands, whichever concept a file belongs to.
 */
import { builtinModules } from "node:module"
import { type Import, packageOf, type Source } from "../Source.ts"
import type { Rule } from "../Workspace.ts"

/** What each folder of core may import, besides itself. The entry points at the top of `src` may import everything. */
const layers: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: [],
  ports: ["domain"],
  engine: ["ports", "domain"],
  memory: ["ports", "domain"],
  promise: ["engine", "ports", "domain"],
  effect: ["engine", "ports", "domain"]
}

/** The files of a concept by what they must not import. Their helpers stand between, and the list of cycles keeps those in order. */
const outerFiles: Readonly<Record<string, ReadonlyArray<string>>> = {
  rows: ["events", "commands", "invariants"],
  events: ["commands", "invariants"],
  commands: ["commands", "invariants"],
  invariants: ["events", "commands", "invariants"]
}

const core = "packages/core"
const coreName = "@holdfast/core"

/** An adapter implements a port in the words of the domain. What an engine does with it is not its business. */
const entriesForAdapters = [coreName, `${coreName}/ports`, `${coreName}/domain`]

const layerOf = (path: string): string | undefined => /^packages\/core\/src\/([^/]+)\//.exec(path)?.[1]

const isAdapter = (home: string): boolean => home.startsWith("packages/adapter-")

const nodeModules = new Set(builtinModules)

const isNode = (specifier: string): boolean => specifier.startsWith("node:") || nodeModules.has(specifier)

/** Why a source must not import something; nothing when it may. */
const objection = (source: Source, { specifier }: Import): string | undefined => {
  const { home, part } = source.zone
  if (specifier.startsWith(".")) {
    const target = source.resolve(specifier)
    if (home !== "" && !target.startsWith(`${home}/`)) {
      return `imports ${target}, which lies outside its package: import the other package by its name`
    }
    // The configuration of a tool is read before anything is said about how to resolve names.
    if (home === "" && source.path.includes("/") && /^packages\/[^/]+\//.test(target)) {
      return `imports ${target} from inside a package: import the package by its name`
    }
    if (part === "src" && target.startsWith(`${home}/test/`)) return `imports the test code ${target}`
    return between(source.path, target)
  }
  if (part !== "src" || !home.startsWith("packages/")) return undefined
  if (isNode(specifier)) {
    return layerOf(source.path) === "domain"
      ? `imports ${specifier}: the domain is pure and knows no platform`
      : undefined
  }
  const name = packageOf(specifier)
  if (name === undefined || !name.startsWith("@holdfast/")) return undefined
  if (home === core) return `imports ${specifier}: core depends on no other package of Holdfast`
  if (name.startsWith("@holdfast/adapter-"))
    return `imports ${specifier}: nothing depends on an adapter but hosts and tests`
  if (name === "@holdfast/testkit") return `imports ${specifier}: the testkit is for tests`
  if (isAdapter(home) && !entriesForAdapters.includes(specifier)) {
    return `imports ${specifier}: an adapter sees core through ${entriesForAdapters.join(", ")} only`
  }
  return undefined
}

const between = (from: string, to: string): string | undefined => {
  const layer = layerOf(from)
  if (layer === undefined) return undefined
  const allowed = layers[layer]
  if (allowed === undefined) return `lies in ${core}/src/${layer}, a folder whose place among the layers is not stated`
  const target = layerOf(to)
  if (layer === "domain" && target === "domain") return withinDomain(from, to)
  if (target === layer || (target !== undefined && allowed.includes(target))) return undefined
  return `imports ${to}: ${layer} may import ${allowed.length === 0 ? "nothing else of core" : allowed.join(" and ")}`
}

const withinDomain = (from: string, to: string): string | undefined => {
  const [, concept, file = ""] = conceptFile(from)
  const [, target, outer = ""] = conceptFile(to)
  if (concept === undefined || concept === target) {
    return (outerFiles[file] ?? []).includes(outer) ? `imports ${to}: ${file} come before ${outer}` : undefined
  }
  if (target === undefined) return `imports ${to}, which is made of the concepts`
  if (concept === "model") return `imports ${to}: the model knows no concept`
  return (outerFiles[file] ?? []).includes(outer) ? `imports ${to}: ${file} come before ${outer}` : undefined
}

const conceptFile = (path: string): ReadonlyArray<string | undefined> =>
  /^packages\/core\/src\/domain\/([^/]+)\/(\w+)\.ts$/.exec(path) ?? []

export const direction: Rule = ({ sources }) =>
  sources.flatMap((source) =>
    source.imports.flatMap((found) => {
      const message = objection(source, found)
      return message === undefined ? [] : [{ rule: "direction", file: source.path, line: found.line, message }]
    })
  )
