/** One source file, parsed once: what it imports, and where in it something stands. */
import { readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { type Comment, type Expression, type Program, parseSync, Visitor, type VisitorObject } from "oxc-parser"

/** One mention of another module: `import`, `export … from`, `import()`, the type `import("…")`, or a request to resolve it. */
export interface Import {
  readonly specifier: string
  /** The exported names that are asked for; `*` for all of them. */
  readonly names: ReadonlyArray<ImportedName>
  readonly line: number
}

export interface ImportedName {
  readonly imported: string
  /** What the file calls it; nothing for a re-export. */
  readonly local: string | undefined
}

/** Where a file belongs. */
export interface Zone {
  /** The folder with the `package.json` that rules this file; `""` for the root. */
  readonly home: string
  readonly part: "src" | "test" | "other"
}

/** See the top of the file. Paths are relative to the root of the repository, with slashes. */
export class Source {
  readonly path: string
  readonly text: string
  readonly zone: Zone
  readonly program: Program
  readonly comments: ReadonlyArray<Comment>
  readonly imports: ReadonlyArray<Import>
  readonly #lineStarts: ReadonlyArray<number>

  constructor(root: string, path: string) {
    this.path = path
    this.text = readFileSync(join(root, path), "utf8")
    this.zone = zoneOf(path)
    this.#lineStarts = [0, ...[...this.text.matchAll(/\n/g)].map((match) => match.index + 1)]
    const { comments, errors, module, program } = parseSync(path, this.text)
    const [error] = errors
    if (error !== undefined) {
      throw new Error(`${path}:${this.lineAt(error.labels[0]?.start ?? 0)} cannot be parsed: ${error.message}`)
    }
    this.program = program
    this.comments = comments
    this.imports = importsOf(this, module.staticImports, module.staticExports)
  }

  /** The number of lines. */
  get length(): number {
    return this.text.endsWith("\n") ? this.#lineStarts.length - 1 : this.#lineStarts.length
  }

  lineAt(offset: number): number {
    const next = this.#lineStarts.findIndex((start) => start > offset)
    return next === -1 ? this.#lineStarts.length : next
  }

  visit(visitor: VisitorObject): void {
    new Visitor(visitor).visit(this.program)
  }

  /** The path of what a relative specifier names. */
  resolve(specifier: string): string {
    return posix.join(posix.dirname(this.path), specifier)
  }
}

const zoneOf = (path: string): Zone => {
  const [, home = "", part] = /^((?:packages|examples)\/[^/]+)\/([^/]+)\//.exec(path) ?? []
  if (home !== "") return { home, part: part === "src" || part === "test" ? part : "other" }
  const isTest = /(^|\/)test\//.test(path)
  if (path.startsWith("bench/")) return { home: "bench", part: isTest ? "test" : "src" }
  return { home: "", part: isTest ? "test" : "other" }
}

/** The package that a bare specifier names: `@scope/name` or `name`; nothing for relative paths and Node's own. */
export const packageOf = (specifier: string): string | undefined => {
  if (specifier.startsWith(".") || specifier.startsWith("/") || specifier.startsWith("node:")) return undefined
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}

type Parsed = ReturnType<typeof parseSync>["module"]

/** What has a `resolve` that looks for modules: `import.meta`, `require` and what `createRequire` makes. */
const isResolver = (expression: Expression): boolean =>
  expression.type === "MetaProperty" ||
  (expression.type === "Identifier" && expression.name === "require") ||
  (expression.type === "CallExpression" &&
    expression.callee.type === "Identifier" &&
    expression.callee.name === "createRequire")

const importsOf = (
  source: Source,
  staticImports: Parsed["staticImports"],
  staticExports: Parsed["staticExports"]
): ReadonlyArray<Import> => {
  const found: Array<Import> = staticImports.map(({ entries, moduleRequest, start }) => ({
    specifier: moduleRequest.value,
    names: entries.map(({ importName, localName }) => ({
      imported: importName.name ?? (importName.kind === "Default" ? "default" : "*"),
      local: localName.value
    })),
    line: source.lineAt(start)
  }))
  for (const { entries, start } of staticExports) {
    const requests = new Map<string, Array<ImportedName>>()
    for (const { importName, moduleRequest } of entries) {
      if (moduleRequest === null) continue
      const names = requests.get(moduleRequest.value) ?? []
      names.push({ imported: importName.name ?? "*", local: undefined })
      requests.set(moduleRequest.value, names)
    }
    for (const [specifier, names] of requests) found.push({ specifier, names, line: source.lineAt(start) })
  }
  const everything = [{ imported: "*", local: undefined }]
  source.visit({
    ImportExpression: ({ source: request, start }) => {
      if (request.type !== "Literal" || typeof request.value !== "string") return
      found.push({ specifier: request.value, names: everything, line: source.lineAt(start) })
    },
    CallExpression: ({ arguments: [request], callee, start }) => {
      if (callee.type !== "MemberExpression" || !isResolver(callee.object)) return
      if (callee.property.type !== "Identifier" || callee.property.name !== "resolve") return
      if (request?.type !== "Literal" || typeof request.value !== "string") return
      found.push({ specifier: request.value, names: [], line: source.lineAt(start) })
    },
    TSImportType: ({ qualifier, source: request, start }) => {
      const names = qualifier?.type === "Identifier" ? [{ imported: qualifier.name, local: undefined }] : everything
      found.push({ specifier: request.value, names, line: source.lineAt(start) })
    }
  })
  return found
}
