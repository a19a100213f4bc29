/** Every rule of the architecture, broken on purpose in a tree of its own. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { checkArchitecture } from "../architecture/rules/index.ts"

const coreManifest = { name: "@holdfast/core", dependencies: { effect: "*" } }
const adapterManifest = { name: "@holdfast/adapter-paper", peerDependencies: { "@holdfast/core": "*" } }

/** A small repository in which every rule holds. */
const sound: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "root", devDependencies: { vitest: "*" } }),
  "packages/core/package.json": JSON.stringify(coreManifest, null, 2),
  "packages/core/src/index.ts": `export { open } from "./promise/Inventory.ts"\n`,
  "packages/core/src/domain/Sku.ts": `import { Schema } from "effect"\nexport const Sku = Schema.Struct({ id: Schema.NonEmptyString })\n`,
  "packages/core/src/ports/Journal.ts": `import type { Sku } from "../domain/Sku.ts"\nexport type Journal = typeof Sku\n`,
  "packages/core/src/engine/Engine.ts": `import type { Journal } from "../ports/Journal.ts"\nexport type Engine = Journal\n`,
  "packages/core/src/memory/MemoryJournal.ts": `import type { Journal } from "../ports/Journal.ts"\nexport type Memory = Journal\n`,
  "packages/core/src/promise/Inventory.ts": `import type { Engine } from "../engine/Engine.ts"\nexport const open = (engine: Engine) => engine\n`,
  "packages/adapter-paper/package.json": JSON.stringify(adapterManifest, null, 2),
  "packages/adapter-paper/src/index.ts": `import type { Journal } from "@holdfast/core/ports"\nexport type Paper = Journal\n`
}

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-architecture-"))
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(root, "node_modules"), "junction")
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** What the rules say about the sound repository after some files were replaced or added. */
const verdict = (changed: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  for (const [path, text] of Object.entries({ ...sound, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkArchitecture(root).violations.map(
    ({ file, line, message, rule }) => `${file}:${line} ${message} (${rule})`
  )
}

const domain = (text: string): ReadonlyArray<string> => verdict({ "packages/core/src/domain/Lot.ts": text })
const engine = (text: string): ReadonlyArray<string> => verdict({ "packages/core/src/engine/Writer.ts": text })
const adapter = (text: string): ReadonlyArray<string> => verdict({ "packages/adapter-paper/src/other.ts": text })

it("a repository in which every rule holds is reported as such", () => {
  expect(verdict({})).toEqual([])
})

it("a file that cannot be parsed is never passed over", () => {
  expect(() => domain("export const = 1\n")).toThrow(/domain\/Lot\.ts:1 cannot be parsed/)
})

describe("direction", () => {
  it.each([
    ["domain", "../ports/Journal.ts"],
    ["domain", "../engine/Engine.ts"],
    ["ports", "../engine/Engine.ts"],
    ["engine", "../memory/MemoryJournal.ts"],
    ["engine", "../promise/Inventory.ts"],
    ["memory", "../engine/Engine.ts"],
    ["effect", "../promise/Inventory.ts"],
    ["promise", "../index.ts"]
  ])("%s does not import %s", (layer, target) => {
    const path = `packages/core/src/${layer}/Planted.ts`
    const found = verdict({
      [path]: `// one line\nimport type * as Outer from "${target}"\nexport type T = typeof Outer\n`
    })
    expect(found.filter((line) => line.endsWith("(direction)"))).toEqual([
      expect.stringMatching(new RegExp(`^${path}:2 imports packages/core/src/.*: ${layer} may import `))
    ])
  })

  it.each([
    ["rows", "events"],
    ["rows", "commands"],
    ["events", "commands"],
    ["commands", "commands"],
    ["invariants", "events"]
  ])("%s of a concept do not import %s of another", (inner, outer) => {
    const found = verdict({
      [`packages/core/src/domain/hold/${inner}.ts`]: `import { a } from "../stock/${outer}.ts"\nexport const b = a\n`,
      [`packages/core/src/domain/stock/${outer}.ts`]: `export const a = 1\n`
    })
    expect(found).toEqual([
      expect.stringContaining(`hold/${inner}.ts:1 imports packages/core/src/domain/stock/${outer}.ts`)
    ])
  })

  it("no concept imports what is made of the concepts", () => {
    const text = `import { Sku } from "../Sku.ts"\nexport const s = Sku\n`
    expect(verdict({ "packages/core/src/domain/hold/rows.ts": text })).toContainEqual(
      expect.stringContaining("hold/rows.ts:1 imports packages/core/src/domain/Sku.ts, which is made of the concepts")
    )
  })

  it.each([
    ["a re-export", `export * from "../ports/Journal.ts"\n`],
    ["a dynamic import", `export const late = () => import("../ports/Journal.ts")\n`],
    ["a type by import()", `export type Late = import("../ports/Journal.ts").Journal\n`]
  ])("%s is an import", (_, text) => {
    expect(domain(text)).toContainEqual(
      expect.stringMatching(/Lot\.ts:1 imports packages\/core\/src\/ports\/Journal\.ts/)
    )
  })

  it("an import in a comment, a string or a template is none", () => {
    const text = `// import "../ports/Journal.ts"\nexport const a = 'import "../engine/Engine.ts"'\nexport const b = \`import "node:fs"\`\n`
    expect(domain(text)).toEqual([])
  })

  it("a new folder of core must be given a place", () => {
    const found = verdict({
      "packages/core/src/web/Http.ts": `import { Sku } from "../domain/Sku.ts"\nexport const s = Sku\n`
    })
    expect(found).toEqual([expect.stringContaining("whose place among the layers is not stated")])
  })

  it("the domain knows no platform", () => {
    expect(domain(`import { readFileSync } from "node:fs"\nexport const read = readFileSync\n`)).toEqual([
      expect.stringContaining("Lot.ts:1 imports node:fs: the domain is pure")
    ])
    expect(domain(`export const home = () => process.env\n`)).toEqual([
      expect.stringContaining("Lot.ts:1 uses process")
    ])
  })

  it("packages meet by name, an adapter at the entries for it, and nobody at an adapter or the testkit", () => {
    expect(adapter(`import "../../core/src/index.ts"\n`)).toEqual([expect.stringContaining("outside its package")])
    expect(adapter(`import "@holdfast/core/engine"\n`)).toEqual([
      expect.stringContaining("an adapter sees core through")
    ])
    expect(adapter(`import "@holdfast/testkit"\n`)).toContainEqual(expect.stringContaining("the testkit is for tests"))
    expect(adapter(`import "@holdfast/adapter-postgres"\n`)).toContainEqual(
      expect.stringContaining("nothing depends on an adapter")
    )
    expect(engine(`import "@holdfast/adapter-paper"\n`)).toContainEqual(
      expect.stringContaining("core depends on no other package")
    )
    expect(adapter(`import "../test/support.ts"\n`)).toContainEqual(expect.stringContaining("imports the test code"))
    for (const host of ["bench/main.ts", "scripts/main.ts", "packages/core/test/other.test.ts"]) {
      const target = host.startsWith("packages") ? "../../adapter-paper/src/index.ts" : "../packages/core/src/index.ts"
      expect(verdict({ [host]: `import "${target}"\n` })).toContainEqual(
        expect.stringContaining(`${host}:1 imports packages/`)
      )
    }
  })
})

describe("cycles", () => {
  it("between files are found, through types too, and reported once with the way around", () => {
    const found = verdict({
      "packages/core/src/domain/A.ts": `import type { B } from "./B.ts"\nexport type A = B\n`,
      "packages/core/src/domain/B.ts": `import type { C } from "./C.ts"\nexport type B = C\n`,
      "packages/core/src/domain/C.ts": `\nimport type { A } from "./A.ts"\nexport type C = A\n`
    })
    expect(found).toEqual([
      expect.stringMatching(/A\.ts:1 is in a cycle of files: .*B\.ts:1\) → .*C\.ts:2\) → .*A\.ts \(cycles\)$/)
    ])
  })

  it("between folders are found where no file is in one", () => {
    const found = verdict({
      "packages/core/src/engine/read/rows.ts": `export const rows = 1\n`,
      "packages/core/src/engine/read/query.ts": `import { level } from "../write/levels.ts"\nexport const query = level\n`,
      "packages/core/src/engine/write/levels.ts": `export const level = 1\n`,
      "packages/core/src/engine/write/commit.ts": `import { rows } from "../read/rows.ts"\nexport const commit = rows\n`
    })
    expect(found).toEqual([expect.stringMatching(/read\/query\.ts:1 is in a cycle of folders: .*write\/commit\.ts:1/)])
  })

  it("the concepts of the domain may know each other, their model knows none of them", () => {
    const concepts = {
      "packages/core/src/domain/hold/rows.ts": `export const rows = 1\n`,
      "packages/core/src/domain/hold/commands.ts": `import { level } from "../stock/levels.ts"\nexport const hold = level\n`,
      "packages/core/src/domain/stock/levels.ts": `export const level = 1\n`,
      "packages/core/src/domain/stock/commands.ts": `import { rows } from "../hold/rows.ts"\nexport const ship = rows\n`
    }
    expect(verdict(concepts)).toEqual([])
    const model = `import { rows } from "../hold/rows.ts"\nexport const model = rows\n`
    expect(verdict({ ...concepts, "packages/core/src/domain/model/Table.ts": model })).toEqual([
      expect.stringContaining(
        "model/Table.ts:1 imports packages/core/src/domain/hold/rows.ts: the model knows no concept"
      )
    ])
  })
})

describe("stability", () => {
  it.each([
    [
      "an unstable module by its path",
      `import * as Sql from "effect/sql/SqlError"\nexport const x = Sql\n`,
      "effect/sql/SqlError"
    ],
    [
      "an unstable module by its name",
      `import { FileSystem } from "effect"\nexport const x = FileSystem\n`,
      "effect/FileSystem"
    ],
    [
      "an unstable module under another name",
      `import { Path as P } from "effect"\nexport const x = P\n`,
      "effect/Path"
    ],
    [
      "a type of an unstable module",
      `import type { SqlError } from "effect/sql/SqlError"\nexport type X = SqlError\n`,
      "effect/sql/SqlError"
    ]
  ])("%s is refused", (_, text, module) => {
    expect(engine(text)).toEqual([
      expect.stringContaining(`Writer.ts:1 imports the module ${module}, which Effect calls unstable`)
    ])
  })

  it("an unstable export of a stable module is refused where it is used, as a value or as a type", () => {
    expect(engine(`import { Schema } from "effect"\n\nexport const size = Schema.ByteSize\n`)).toEqual([
      expect.stringContaining("Writer.ts:3 uses ByteSize of effect/Schema, which Effect calls unstable")
    ])
    expect(engine(`import type { Schema } from "effect"\nexport type Size = Schema.ByteSize\n`)).toEqual([
      expect.stringContaining("Writer.ts:2 uses ByteSize of effect/Schema")
    ])
  })

  it("all of effect at once is refused", () => {
    expect(engine(`import * as E from "effect"\nexport const x = E\n`)).toEqual([
      expect.stringContaining("all of effect at once")
    ])
  })

  it("an adapter may use what is unstable", () => {
    const manifest = JSON.stringify({ ...adapterManifest, dependencies: { effect: "*" } })
    const text = `import type { SqlError } from "effect/sql/SqlError"\nexport type X = SqlError\n`
    expect(
      verdict({ "packages/adapter-paper/package.json": manifest, "packages/adapter-paper/src/sql.ts": text })
    ).toEqual([])
  })
})

describe("code", () => {
  it.each([
    ["a note to oneself", `export const a = 1 // ${"TO"}${"DO"} more\n`, "finish it"],
    ["a note in SQL", `export const a = \`SELECT 1 -- ${"FIX"}${"ME"}\`\n`, "finish it"],
    ["any", `export const a = (b: unknown) => b as ${"any"}\n`, "uses the type any"],
    ["a silenced type checker", `// @ts-${"ignore"}\nexport const a = 1\n`, "silences the type checker"],
    ["an expected type error", `// @ts-expect-error no\nexport const a = 1\n`, "only tests may"],
    ["console", `export const a = () => console.error(1)\n`, "writes to the console"],
    ["Date.now", `export const a = () => Date.now()\n`, "uses Date.now"],
    ["Date.now passed on", `export const a = Date.now\n`, "uses Date.now"],
    ["new Date()", `export const a = () => new Date()\n`, "uses new Date() for now"],
    ["Math.random", `export const a = () => Math.random()\n`, "uses Math.random"],
    ["performance.now", `export const a = () => performance.now()\n`, "uses performance.now"],
    ["too many lines", `export const a = 1\n`.padEnd(420, "\n"), "lines, more than 400"]
  ])("%s is found in core", (_, text, message) => {
    expect(engine(text)).toEqual([expect.stringContaining(message)])
  })

  it("the domain may write a given instant as text, and 400 lines are allowed", () => {
    const text = `export const a = (at: number) => new Date(at).toISOString()\n`
    expect(domain(text + "\n".repeat(399))).toEqual([])
    expect(domain(text + "\n".repeat(400))).toEqual([expect.stringContaining("has 401 lines")])
  })

  it("words in strings and names are no violations", () => {
    expect(
      engine(`export const a = "any console.log Date.now() @ts-${"ignore"}"\nexport const company = { now: 1 }.now\n`)
    ).toEqual([])
  })
})

describe("manifests", () => {
  it("what is imported is declared, and what is declared is imported", () => {
    expect(adapter(`import "fast-check"\n`)).toEqual([
      expect.stringContaining("other.ts:1 imports fast-check, which is not in the dependencies or peerDependencies")
    ])
    expect(adapter(`import { createRequire } from "node:module"\ncreateRequire("/").resolve("chai")\n`)).toEqual([
      expect.stringContaining("other.ts:2 imports chai, which is not in the dependencies or peerDependencies")
    ])
    const manifest = JSON.stringify(
      { ...adapterManifest, dependencies: { pg: "1" }, devDependencies: { "left-over": "1" } },
      null,
      2
    )
    const other = "export const nothing = 0\n"
    expect(
      verdict({ "packages/adapter-paper/package.json": manifest, "packages/adapter-paper/src/other.ts": other })
    ).toEqual([
      expect.stringMatching(/package\.json:7 declares pg in dependencies and does not import it/),
      expect.stringMatching(/package\.json:10 declares left-over in devDependencies and does not import it/)
    ])
  })

  it("a test may import the tools of the root, and nothing that is declared nowhere", () => {
    expect(verdict({ "packages/core/test/a.test.ts": `import "vitest"\nimport "chai"\n` })).toEqual([
      expect.stringContaining(
        "a.test.ts:2 imports chai, which is not in the devDependencies of packages/core/package.json"
      )
    ])
  })

  it("a host may bring what a package it uses wants from it", () => {
    const host = { name: "host", dependencies: { "@holdfast/adapter-paper": "*", "@holdfast/core": "*" } }
    const files = { "examples/host/src/main.ts": `import "@holdfast/adapter-paper"\n` }
    expect(verdict({ ...files, "examples/host/package.json": JSON.stringify(host) })).toEqual([])
    const more = JSON.stringify({ ...host, dependencies: { ...host.dependencies, effect: "*" } })
    expect(verdict({ ...files, "examples/host/package.json": more })).toEqual([
      "examples/host/package.json:1 declares effect in dependencies and does not import it (manifests)"
    ])
  })

  it("core depends on effect alone", () => {
    const manifest = JSON.stringify({ ...coreManifest, dependencies: { effect: "*", pg: "1" } }, null, 2)
    const found = verdict({ "packages/core/package.json": manifest, "packages/core/src/engine/Pg.ts": `import "pg"\n` })
    expect(found).toEqual(["packages/core/package.json:5 depends on pg: core depends on effect alone (manifests)"])
  })
})
