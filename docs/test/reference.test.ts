/** The reference pages are complete, and say nothing that the code does not have. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { commands, events } from "@holdfast/core/domain"
import * as core from "@holdfast/core"
import { Telemetry } from "@holdfast/core/engine"
import { DomainRun, seeded, stepLists } from "@holdfast/testkit/model"
import type { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { codeIn, page, root, rowsOf, section } from "./support/markdown.ts"

const commandsPage = page("docs/commands.md")
const eventsPage = page("docs/events.md")

type Fields = Readonly<Record<string, Schema.Top>>

const fieldsOf = (schema: Schema.Top): Fields => (schema as unknown as { readonly fields: Fields }).fields

/** Fields that every command has. A command that has one of its own, such as a required reason, lists it. */
const metaFields = fieldsOf(commands.ship.schema)
const shared = ["commandId", "actor", "reasonCode", "reference", "correlationId", "causationId", "effectiveAt"]

const isOptional = (schema: Schema.Top | undefined): boolean => schema?.ast.context?.isOptional === true

const firstCode = (cell: string | undefined): string => codeIn(cell ?? "")[0] ?? ""

/** The first column of the tables of a section. */
const named = (text: string | undefined): ReadonlyArray<string> => rowsOf(text ?? "").map(([first]) => firstCode(first))

/** The tags after "Refusals:" in a command's section. */
const refusalsOf = (name: string): ReadonlyArray<string> =>
  codeIn(/^Refusals: (.+)$/m.exec(section(commandsPage, `\`${name}\``) ?? "")?.[1] ?? "")

/** The errors that core exports. */
const errorTags = Object.entries(core)
  .filter(([, value]) => typeof value === "function" && value.prototype instanceof Error)
  .map(([name]) => name)

describe("commands.md", () => {
  it("has the fields that all commands share", () => {
    expect(named(section(commandsPage, "Fields of every command"))).toEqual(shared)
  })

  it.each(Object.keys(commands))("has every field of %s and no other, with which are needed", (name) => {
    const fields = fieldsOf(commands[name as keyof typeof commands].schema)
    const own = Object.keys(fields).filter(
      (field) => !shared.includes(field) || isOptional(fields[field]) !== isOptional(metaFields[field])
    )
    const rows = rowsOf(section(commandsPage, `\`${name}\``) ?? "").filter(([first]) => !(first ?? "").includes("[]."))
    expect(rows.map(([field, needed]) => `${firstCode(field)}: ${needed}`).sort()).toEqual(
      own.map((field) => `${field}: ${isOptional(fields[field]) ? "no" : "yes"}`).sort()
    )
  })

  it("has no command that does not exist", () => {
    const headings = [...commandsPage.text.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1])
    expect([...headings].sort()).toEqual(Object.keys(commands).sort())
  })

  it("lists every error that core exports, refusals and others, and no other", () => {
    const listed = [...named(section(commandsPage, "All refusals")), ...named(section(commandsPage, "Other errors"))]
    expect([...listed].sort()).toEqual([...errorTags].sort())
  })

  it("lists the refusals of each command that random commands meet", () => {
    const undocumented = new Set<string>()
    const met = new Set<string>()
    fc.assert(
      fc.property(stepLists({ maxLength: 60 }), (steps) => {
        const run = new DomainRun()
        for (const step of steps) {
          const { refusal } = run.run(step)
          // Input that is no command at all is every command's, and listed once.
          if (refusal === undefined || refusal instanceof core.InvalidCommand) continue
          met.add(refusal._tag)
          if (!refusalsOf(step.name).includes(refusal._tag)) undocumented.add(`${step.name}: ${refusal._tag}`)
        }
      }),
      seeded(400)
    )
    expect([...undocumented]).toEqual([])
    expect(met.size).toBeGreaterThan(15)
  })

  it("names as refusals only what is one, and each somewhere", () => {
    const all = new Set(named(section(commandsPage, "All refusals")))
    const used = new Set(Object.keys(commands).flatMap(refusalsOf))
    expect([...used].filter((tag) => !all.has(tag))).toEqual([])
    expect([...all].filter((tag) => !used.has(tag))).toEqual([])
  })
})

describe("events.md", () => {
  it.each(events.map((event) => [event.type, event] as const))("has the version and the data of %s", (type, event) => {
    const text = section(eventsPage, `\`${type}\``) ?? ""
    expect(text).toContain(`Version ${event.versions.length}.`)
    expect(named(text)).toEqual(Object.keys(fieldsOf(event.versions.at(-1) as unknown as Schema.Top)))
  })

  it("has no event that does not exist", () => {
    const headings = [...eventsPage.text.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1])
    expect([...headings].sort()).toEqual(events.map(({ type }) => type).sort())
  })
})

describe("write-path.md", () => {
  it("has the options of an engine with their defaults", () => {
    const source = readFileSync(join(root, "packages/core/src/engine/Engine.ts"), "utf8")
    const options = /interface EngineOptions \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? ""
    const declared = [...options.matchAll(/Default: `?([^.`]+)`?\. \*\/\s+readonly (\w+)/g)].map((match) => [
      match[2],
      match[1]
    ])
    expect(declared.length).toBeGreaterThan(5)
    const rows = rowsOf(section(page("docs/write-path.md"), "Limits and their defaults") ?? "")
    expect(
      rows.slice(0, declared.length).map(([field, value]) => [firstCode(field), (value ?? "").replaceAll("`", "")])
    ).toEqual(declared)
  })
})

describe("observability.md", () => {
  it("has every metric", () => {
    const metrics = Object.values(Telemetry).map(({ id }) => id)
    expect([...named(section(page("docs/observability.md"), "Metrics"))].sort()).toEqual([...metrics].sort())
  })
})
