/**
 * No cycle of imports, neither between files nor between folders; imports of types count.
 *
 * The concepts of the domain count as one folder. They are one world, whose rules meet: a receipt of stock fills backorders, and
 * a backorder is filled from stock. What keeps them in order is the direction between their files, see `direction.ts`.
 * A folder and its own subfolders are one area too: what it puts together may stand on what it shares.
 */
import { posix } from "node:path"
import type { Rule, Violation } from "../Workspace.ts"

/** Who imports whom, and the first place that says so. */
type Graph = Map<string, Map<string, { readonly file: string; readonly line: number }>>

export const cycles: Rule = ({ sources }) => {
  const known = new Set(sources.map(({ path }) => path))
  const files: Graph = new Map()
  const folders: Graph = new Map()
  for (const source of sources) {
    for (const { line, specifier } of source.imports) {
      if (!specifier.startsWith(".")) continue
      const target = source.resolve(specifier)
      if (!known.has(target)) continue
      connect(files, source.path, target, { file: source.path, line })
      const [from, to] = [folderOf(source.path), folderOf(target)]
      if (!areNested(from, to)) connect(folders, from, to, { file: source.path, line })
    }
  }
  return [...violations(files, "files"), ...violations(folders, "folders")]
}

const folderOf = (path: string): string =>
  posix.dirname(path).replace(/^(packages\/core\/src\/domain)\/(?!model$)[^/]+$/, "$1/*")

const areNested = (a: string, b: string): boolean => `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)

const connect = (graph: Graph, from: string, to: string, place: { file: string; line: number }): void => {
  const targets = graph.get(from) ?? new Map()
  graph.set(from, targets)
  if (!targets.has(to)) targets.set(to, place)
}

/** One violation for every knot of nodes that reach each other, with a shortest way around. */
const violations = (graph: Graph, what: string): ReadonlyArray<Violation> => {
  const reported = new Set<string>()
  const found: Array<Violation> = []
  for (const start of [...graph.keys()].sort()) {
    if (reported.has(start)) continue
    const way = wayBack(graph, start)
    if (way === undefined) continue
    const reachable = reach(graph, start)
    for (const node of reachable) if (reach(graph, node).has(start)) reported.add(node)
    const steps = way.map((node, index) => {
      const next = way[(index + 1) % way.length] ?? node
      const { file, line } = graph.get(node)?.get(next) ?? { file: node, line: 1 }
      return { node, file, line }
    })
    const [first] = steps
    if (first === undefined) continue
    const around = steps.map(({ file, line, node }) => `${node} (${file}:${line})`).join(" → ")
    found.push({
      rule: "cycles",
      file: first.file,
      line: first.line,
      message: `is in a cycle of ${what}: ${around} → ${start}`
    })
  }
  return found
}

const reach = (graph: Graph, start: string): ReadonlySet<string> => {
  const seen = new Set<string>()
  const open = [start]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const next of graph.get(node)?.keys() ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      open.push(next)
    }
  }
  return seen
}

/** The nodes of a shortest way from a node to itself, beginning with it. */
const wayBack = (graph: Graph, start: string): ReadonlyArray<string> | undefined => {
  let ways: Array<Array<string>> = [[start]]
  const seen = new Set<string>()
  while (ways.length > 0) {
    const longer: Array<Array<string>> = []
    for (const way of ways) {
      for (const next of graph.get(way.at(-1) ?? start)?.keys() ?? []) {
        if (next === start) return way
        if (seen.has(next)) continue
        seen.add(next)
        longer.push([...way, next])
      }
    }
    ways = longer
  }
  return undefined
}
