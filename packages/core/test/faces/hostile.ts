/** Invalid inputs for every field of every command, made from the commands' own schemas. */
import { type CommandName, commands } from "@holdfast/core/domain"
import { type Schema, SchemaAST } from "effect"

/** A valid input of each command, with every field there is, so that spoiling one field spoils nothing else. */
export const validInputs: { readonly [N in CommandName]: Readonly<Record<string, unknown>> } = {
  registerSku: { id: "cup", code: "CUP", tracking: "none", baseUnit: "each", scale: 0, shortage: "refuse" },
  changeSkuCode: { id: "mug", code: "MUG-2" },
  retireSku: { id: "mug" },
  registerLocation: { id: "bin", kind: "bin", parent: "LDN", name: "Bin" },
  reparentLocation: { id: "LDN", parent: "world" },
  closeLocation: { id: "LDN" },
  receive: {
    sku: "mug",
    to: "LDN",
    quantity: 1,
    from: "supplier",
    condition: "good",
    owner: "self",
    unitCost: { amount: 100, currency: "GBP" }
  },
  move: {
    sku: "mug",
    from: "LDN",
    to: "PAR",
    quantity: 1,
    condition: "good",
    owner: "self",
    toCondition: "good",
    toOwner: "self"
  },
  issue: { sku: "mug", from: "LDN", quantity: 1, to: "customer", condition: "good", owner: "self" },
  return: {
    sku: "mug",
    to: "LDN",
    quantity: 1,
    from: "customer",
    condition: "good",
    owner: "self",
    reservation: { id: "r", line: 1 }
  },
  adjust: {
    sku: "mug",
    at: "LDN",
    direction: "increase",
    quantity: 1,
    reasonCode: "found",
    condition: "good",
    owner: "self"
  },
  count: { sku: "mug", at: "LDN", quantity: 1, condition: "good", owner: "self" },
  placeHold: { id: "h", sku: "mug", at: "LDN", quantity: 1, condition: "good", owner: "self" },
  liftHold: { id: "h", quantity: 1 },
  reserve: {
    id: "r",
    owner: "customer",
    lines: [
      { sku: "mug", quantity: 1, within: "LDN" },
      { sku: "mug", quantity: 1, exactly: "LDN" }
    ],
    expiresIn: "1 hour",
    extendableFor: "2 hours",
    priority: 0
  },
  extend: { reservation: "r", expiresIn: "1 hour" },
  release: { reservation: "r", lines: [{ line: 1, quantity: 1 }] },
  confirm: { reservation: "r" },
  ship: { reservation: "r", lines: [{ line: 1, quantity: 1 }] }
}

/** A valid value of every field that commands have in common. */
export const validMeta: Readonly<Record<string, unknown>> = {
  commandId: "c",
  actor: "shop",
  reasonCode: "because",
  reference: "order",
  correlationId: "x",
  causationId: "y",
  effectiveAt: "2026-01-01T00:00:00Z"
}

/** Values that no field takes. */
export const neverValid: ReadonlyArray<unknown> = [
  null,
  true,
  [],
  {},
  [["x"]],
  1n,
  Symbol("s"),
  () => "x",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  1.5,
  "",
  " x",
  "x ",
  "\u0000",
  "a\u0007b",
  "\ud800",
  "x".repeat(201),
  "漢".repeat(200),
  "x".repeat(100_000),
  new Date(Number.NaN),
  new Map(),
  new String("x"),
  Object.create(null)
]

const alsoInvalid = (kind: "quantity" | "counted" | "line" | "duration"): ReadonlyArray<unknown> =>
  kind === "counted"
    ? [-1, "1", -0.5]
    : kind === "duration"
      ? [-1, 0, "-5 minutes", "soon", "0 millis"]
      : [-1, 0, "1", -(2 ** 60)]

const kindOf = (command: string, field: string) =>
  field === "quantity"
    ? command === "count"
      ? "counted"
      : "quantity"
    : field === "line"
      ? "line"
      : field === "expiresIn" || field === "extendableFor"
        ? "duration"
        : undefined

/** One broken input and the path of the field at fault. */
export interface Broken {
  readonly input: unknown
  readonly path: string
}

const withValue = (target: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(target))
    return target.map((item, index) => (String(index) === key ? withValue(item, rest, value) : item))
  const record = target as Record<string, unknown>
  return { ...record, [key]: withValue(record[key], rest, value) }
}

const without = (target: unknown, path: ReadonlyArray<string>): unknown => {
  const [key, ...rest] = path
  if (Array.isArray(target)) return target.map((item, index) => (String(index) === key ? without(item, rest) : item))
  const record = target as Record<string, unknown>
  if (rest.length > 0) return { ...record, [key ?? ""]: without(record[key ?? ""], rest) }
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
}

/** Whether the schema of a command says that a top-level field may be left out. */
const isOptional = (command: CommandName, field: string): boolean => {
  const ast = (commands[command].schema as Schema.Top).ast
  if (!SchemaAST.isObjects(ast)) throw new Error(`the schema of ${command} is no struct`)
  const property = ast.propertySignatures.find(({ name }) => name === field)
  if (property === undefined) throw new Error(`${command} has no field ${field}`)
  return SchemaAST.isOptional(property.type)
}

/** Top-level fields of a command, as its schema declares them. */
export const fieldsOf = (command: CommandName): ReadonlyArray<string> => {
  const ast = (commands[command].schema as Schema.Top).ast
  return SchemaAST.isObjects(ast) ? ast.propertySignatures.map(({ name }) => String(name)) : []
}

const pathsOf = (value: unknown, prefix: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, child]) => [[...prefix, key], ...pathsOf(child, [...prefix, key])])

/** Whether a field of time takes one of the values above: numbers are instants and durations too. */
const takes = (field: string, value: unknown): boolean => {
  const instants = ["effectiveAt", "expiresAt"]
  if (instants.includes(field))
    return typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= 8.64e15
  if (field === "expiresIn" || field === "extendableFor")
    return typeof value === "number" && value >= 1 && value <= 100 * 365 * 86_400_000
  return false
}

/** Every way to spoil one field of a command's valid input. */
export const brokenInputs = (command: CommandName): ReadonlyArray<Broken> => {
  const valid: Record<string, unknown> = { ...validMeta, ...validInputs[command] }
  const broken: Array<Broken> = []
  for (const path of pathsOf(valid)) {
    const field = path.at(-1) ?? ""
    const name = path.join(".")
    const kind = kindOf(command, field)
    for (const value of [...neverValid, undefined, ...(kind === undefined ? [] : alsoInvalid(kind))]) {
      if (takes(field, value)) continue
      if (name === "lines" && Array.isArray(value) && value.length > 0) {
        broken.push({ input: withValue(valid, path, value), path: "lines.0" })
      } else if (
        ["unitCost", "reservation"].includes(name) &&
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value)
      ) {
      } else if (/^lines\.\d+$/.test(name) && typeof value === "object" && value !== null && !Array.isArray(value))
        continue
      else broken.push({ input: withValue(valid, path, value), path: name })
    }
    if (path.length === 1 && !isOptional(command, field)) broken.push({ input: without(valid, path), path: name })
    if (path.length > 1 && ["sku", "line", "amount", "currency"].includes(field))
      broken.push({ input: without(valid, path), path: name })
  }
  for (const key of ["colour", "__proto__", "constructor", "prototype", "toString", "Quantity"]) {
    const extra = Object.fromEntries([[key, 1]])
    broken.push({ input: JSON.parse(`${JSON.stringify(valid).slice(0, -1)},${JSON.stringify(key)}:1}`), path: key })
    if ("lines" in valid) {
      const [first, ...rest] = valid["lines"] as ReadonlyArray<object>
      const line = Object.defineProperties({ ...first }, Object.getOwnPropertyDescriptors(extra))
      broken.push({ input: { ...valid, lines: [line, ...rest] }, path: `lines.0.${key}` })
    }
  }
  if ("lines" in valid) {
    const [first] = valid["lines"] as ReadonlyArray<object>
    for (const lines of [[], Array.from({ length: 10_000 }, () => first)])
      broken.push({ input: { ...valid, lines }, path: "lines" })
  }
  return broken
}
