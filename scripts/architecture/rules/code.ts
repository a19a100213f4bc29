/** What the code itself must not contain. */
import type { Expression } from "oxc-parser"
import type { Source } from "../Source.ts"
import type { Rule, Violation } from "../Workspace.ts"

const linesMax = 400

// Written in two halves, so that this file does not contain what it forbids.
const unfinished = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`)
const silenced = new RegExp("@ts-(" + "ignore|nocheck)\\b")

const isPublished = ({ zone }: Source): boolean => zone.part === "src" && zone.home.startsWith("packages/")
const isCore = ({ path }: Source): boolean => path.startsWith("packages/core/src/")
const isDomain = ({ path }: Source): boolean => path.startsWith("packages/core/src/domain/")

/** Globals through which a platform would get into the domain. `Date` is judged by {@link clock}. */
const platform = new Set([
  "process",
  "globalThis",
  "crypto",
  "performance",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask"
])

/** Members that read a clock or roll dice behind the engine's back. */
const hidden = new Map([
  ["Date.now", "the time is given, by Effect's Clock or as an argument"],
  ["performance.now", "the time is given, by Effect's Clock or as an argument"],
  ["Math.random", "chance is given, by Effect's Random or as an argument"]
])

type Report = (offset: number, message: string) => void

const nameOf = (expression: Expression): string | undefined =>
  expression.type === "Identifier" ? expression.name : undefined

/** Time and chance in core come from Effect, or tests could not control them. The domain may write a given instant as text. */
const clock = (source: Source, report: Report): void =>
  source.visit({
    MemberExpression: (node) => {
      if (node.computed || node.property.type !== "Identifier") return
      const member = `${nameOf(node.object)}.${node.property.name}`
      const why = hidden.get(member)
      if (why !== undefined) report(node.start, `uses ${member}: ${why}`)
    },
    NewExpression: (node) => {
      if (nameOf(node.callee) === "Date" && node.arguments.length === 0) {
        report(node.start, "uses new Date() for now: the time is given, by Effect's Clock or as an argument")
      }
    },
    CallExpression: (node) => {
      if (nameOf(node.callee) === "Date") report(node.start, "uses Date() for now: the time is given")
    }
  })

const purity = (source: Source, report: Report): void =>
  source.visit({
    MemberExpression: (node) => {
      const name = nameOf(node.object)
      if (name !== undefined && platform.has(name))
        report(node.start, `uses ${name}: the domain is pure and knows no platform`)
    },
    CallExpression: (node) => {
      const name = nameOf(node.callee)
      if (name !== undefined && platform.has(name))
        report(node.start, `uses ${name}: the domain is pure and knows no platform`)
    }
  })

const inspect = (source: Source, report: Report): void => {
  if (source.length > linesMax) {
    report(0, `has ${source.length} lines, more than ${linesMax}: it holds more than one concept, split it`)
  }
  // A note to oneself may hide in a string too, in SQL for example; only published code is held to that.
  const places = isPublished(source) ? [{ start: 0, value: source.text }] : source.comments
  for (const { start, value } of places) {
    const note = unfinished.exec(value)
    if (note !== null) report(start + note.index, `says ${note[0]}: finish it, or write down as a fact what is missing`)
  }
  for (const { start, value } of source.comments) {
    const tag = silenced.exec(value)
    if (tag !== null) report(start, `silences the type checker with ${tag[0]}`)
    if (isPublished(source) && value.includes("@ts-expect-error")) report(start, "expects a type error: only tests may")
  }
  source.visit({
    TSAnyKeyword: ({ start }) => report(start, "uses the type any: use unknown and look before touching"),
    MemberExpression: ({ object, start }) => {
      if (isPublished(source) && nameOf(object) === "console") {
        report(start, "writes to the console: a library tells its host through values, errors, spans and metrics")
      }
    }
  })
  if (isCore(source)) clock(source, report)
  if (isDomain(source)) purity(source, report)
}

export const code: Rule = ({ sources }) =>
  sources.flatMap((source) => {
    const found: Array<Violation> = []
    inspect(source, (offset, message) => {
      found.push({ rule: "code", file: source.path, line: source.lineAt(offset), message })
    })
    return found
  })
