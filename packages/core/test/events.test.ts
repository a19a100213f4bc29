/** Law 17: old events stay readable, for ever. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  decodeEvent,
  type Event,
  type EventBody,
  type EventFacts,
  events,
  evolve,
  violations,
  World
} from "@holdfast/core/domain"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { eventReader } from "../src/domain/codec.ts"
import { event, type EventDefinition } from "../src/domain/model/Definition.ts"
import type { Draft } from "../src/domain/model/Table.ts"
import { type Golden, generate, goldenFile, goldenFolder } from "./golden/generate.ts"

const files = readdirSync(goldenFolder).filter((name) => name.endsWith(".json"))

const read = (name: string): Golden => JSON.parse(readFileSync(join(goldenFolder, name), "utf8")) as Golden

const evolved = (world: World, stored: Event): Draft =>
  evolve(world, { ...stored, ...decodeEvent(stored) } as EventBody & EventFacts)

describe("every registered event", () => {
  it.each(events.flatMap(({ type, versions }) => versions.map((_, index) => goldenFile(type, index + 1))))(
    "has its golden file %s",
    (name) => {
      expect(files).toContain(name)
    }
  )

  it("is what the golden files are of: none is of an event that is not known any more", () => {
    const known = events.flatMap(({ type, versions }) => versions.map((_, index) => goldenFile(type, index + 1)))
    expect(files.filter((name) => !known.includes(name))).toEqual([])
  })
})

describe("every golden file", () => {
  it.each(files)("%s decodes, upcasts to the present version, and means what it meant", (name) => {
    const { event: stored, before, changed } = read(name)
    expect(goldenFile(stored.type, stored.version)).toBe(name)
    const body = decodeEvent(stored)
    expect(body.version).toBe(events.find(({ type }) => type === stored.type)?.versions.length)
    const world = new World()
    for (const earlier of before) world.absorb(evolved(world, earlier))
    const draft = evolved(world, stored)
    const rows = Object.fromEntries([...draft.changed].map(([table, rows]) => [table.name, [...rows.values()]]))
    expect(rows).toMatchObject(changed)
    world.absorb(draft)
    expect(violations(world)).toEqual([])
  })
})

describe("an event that cannot be read", () => {
  it("of a version that is newer than the code, or of no version, is an error that says so", () => {
    for (const { type, versions } of events) {
      for (const version of [0, versions.length + 1, 99]) {
        expect(() => decodeEvent({ type, version, data: {} })).toThrow(`version ${version} of ${type} is newer`)
      }
    }
  })

  it("of an unknown type, or with data that its version does not describe, is an error", () => {
    expect(() => decodeEvent({ type: "StockTeleported", version: 1, data: {} })).toThrow(
      "unknown event type StockTeleported"
    )
    for (const { type } of events) expect(() => decodeEvent({ type, version: 1, data: { id: 5 } }), type).toThrow()
  })
})

/** An event with a past: V1 had one `name`, V2 two, V3 gave them a language. */
const Renamed = event({
  type: "Renamed",
  past: [
    {
      schema: Schema.Struct({ id: Schema.String, name: Schema.String }),
      upcast: ({ id, name }: { readonly id: string; readonly name: string }) => ({
        id,
        short: name.slice(0, 3),
        long: name
      })
    },
    {
      schema: Schema.Struct({ id: Schema.String, short: Schema.String, long: Schema.String }),
      upcast: (data: { readonly id: string; readonly short: string; readonly long: string }) => ({
        ...data,
        language: "en"
      })
    }
  ],
  schema: Schema.Struct({ id: Schema.String, short: Schema.String, long: Schema.String, language: Schema.String }),
  evolve: () => {},
  skus: ({ id }) => [id]
})

describe("an upcast chain", () => {
  const readRenamed = eventReader(Renamed as unknown as EventDefinition<never>)
  const present = { type: "Renamed", version: 3, data: { id: "a", short: "mug", long: "mug, blue", language: "en" } }

  it("brings every version ever written to the present one, step by step", () => {
    expect(readRenamed({ version: 1, data: { id: "a", name: "mug, blue" } })).toEqual(present)
    expect(readRenamed({ version: 2, data: { id: "a", short: "mug", long: "mug, blue" } })).toEqual(present)
    expect(readRenamed({ version: 3, data: present.data })).toEqual(present)
    expect(Renamed.make(present.data)).toEqual(present)
  })

  it("reads each version by its own schema: data of another version is an error", () => {
    expect(() => readRenamed({ version: 2, data: { id: "a", name: "mug, blue" } })).toThrow()
    expect(() => readRenamed({ version: 4, data: present.data })).toThrow("newer than this version")
  })
})

describe("the generator of golden files", () => {
  it("writes what is missing and never touches what is there", () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-golden-"))
    try {
      const kept = join(folder, goldenFile("SkuRetired", 1))
      writeFileSync(kept, "history")
      const written = generate(folder)
      expect(written).toHaveLength(events.length - 1)
      expect(readFileSync(kept, "utf8")).toBe("history")
      const times = written.map((path) => statSync(path).mtimeMs)
      expect(generate(folder)).toEqual([])
      expect(written.map((path) => statSync(path).mtimeMs)).toEqual(times)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
