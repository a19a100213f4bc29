/** Bad input is refused with the field and the reason, and leaves nothing behind. */
import { type Inventory, InvalidCommand, memory, openInventory } from "@holdfast/core"
import { type CommandName, commands, decodeCommand } from "@holdfast/core/domain"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Broken, brokenInputs, fieldsOf, validInputs, validMeta } from "./hostile.ts"

const names = Object.keys(commands) as Array<CommandName>

/** A caller who does not know the types, as JavaScript callers do not. */
type Untyped = { readonly [method: string]: (...args: ReadonlyArray<unknown>) => Promise<unknown> }

let inventory: Inventory
let untyped: Untyped

beforeAll(async () => {
  inventory = await openInventory({ journal: memory(), sweep: false })
  untyped = inventory as unknown as Untyped
  await inventory.registerLocation({ id: "LDN", kind: "site" })
  await inventory.registerLocation({ id: "PAR", kind: "site" })
  await inventory.registerSku({ id: "mug" })
  await inventory.receive({ sku: "mug", to: "LDN", quantity: 100 })
})
afterAll(() => inventory.close())

const rejection = async (run: () => unknown): Promise<unknown> => {
  try {
    await run()
  } catch (error) {
    return error
  }
  return "accepted"
}

const expectInvalid = async (run: () => unknown, command: string, path: string | undefined, what: string) => {
  const error = await rejection(run)
  expect(error, what).toBeInstanceOf(InvalidCommand)
  const invalid = error as InvalidCommand
  expect(invalid._tag).toBe("InvalidCommand")
  expect(invalid.command, what).toBe(command)
  if (path !== undefined) expect(invalid.field, what).toBe(path)
  expect(invalid.reason.length, what).toBeGreaterThan(3)
  expect(invalid.message.length, what).toBeLessThan(600)
  expect(invalid.message, what).toContain(command)
}

const unchanged = async (run: () => Promise<void>) => {
  const before = await inventory.head()
  await run()
  expect(await inventory.head()).toEqual(before)
  expect((await inventory.verify()).ok).toBe(true)
}

const describeCase = ({ input, path }: Broken) =>
  `${path} of ${String(JSON.stringify(input, (_, value) => (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function" ? String(value) : value))).slice(0, 300)}`

describe("the inputs these tests start from", () => {
  it.each(names)("%s: are valid and name every field there is", (name) => {
    const whole = { ...validMeta, ...validInputs[name] }
    const missing = fieldsOf(name).filter((field) => !(field in whole) && field !== "expiresAt")
    expect(missing).toEqual([])
    const decoded = decodeCommand(name, whole)
    expect(Result.isSuccess(decoded) ? "valid" : decoded.failure.message).toBe("valid")
  })
})

describe("every field of every command", () => {
  it.each(names)(
    "%s: a wrong value rejects with InvalidCommand, its path and a reason, and nothing happens",
    async (name) => {
      const cases = brokenInputs(name)
      expect(cases.length).toBeGreaterThan(100)
      await unchanged(async () => {
        for (const broken of cases)
          await expectInvalid(() => untyped[name]?.(broken.input), name, broken.path, describeCase(broken))
      })
    }
  )
})

describe("input that is no plain object", () => {
  it.each(names)("%s: rejects with InvalidCommand", async (name) => {
    await unchanged(async () => {
      for (const input of [null, undefined, 1, "x", true, [], [{}], 1n, Symbol("s"), () => 1, class {}]) {
        await expectInvalid(() => untyped[name]?.(input), name, "", String(input))
      }
      for (const input of [new Date(), new Map(), new Set(), /x/, new Error("x"), Object.create(null)]) {
        await expectInvalid(
          () => untyped[name]?.(input),
          name,
          undefined,
          String(Object.prototype.toString.call(input))
        )
      }
    })
  })

  it.each(names)(
    "%s: getters and proxies that throw reject with InvalidCommand, not with the caller's error",
    async (name) => {
      const valid = { ...validInputs[name] }
      const boom = () => {
        throw new Error("boom")
      }
      const [first] = Object.keys(valid)
      await unchanged(async () => {
        for (const input of [
          Object.defineProperty({ ...valid }, first ?? "", { get: boom, enumerable: true }),
          new Proxy(valid, { get: boom }),
          new Proxy(valid, { ownKeys: boom }),
          new Proxy(valid, { has: boom, getOwnPropertyDescriptor: boom, get: boom })
        ]) {
          await expectInvalid(() => untyped[name]?.(input), name, undefined, "throws")
        }
      })
    }
  )

  it("does not pollute prototypes", async () => {
    for (const name of names)
      await rejection(() =>
        untyped[name]?.(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'))
      )
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe("rules over several fields", () => {
  it("name the field at fault", async () => {
    const lines = [{ sku: "mug", quantity: 1 }]
    const cases: ReadonlyArray<readonly [CommandName, object, string]> = [
      ["reserve", { id: "r", owner: "o", lines }, "expiresIn"],
      ["reserve", { id: "r", owner: "o", lines, expiresIn: 5, expiresAt: 5 }, "expiresAt"],
      [
        "reserve",
        {
          id: "r",
          owner: "o",
          expiresIn: 5,
          lines: [...lines, { sku: "mug", quantity: 1, within: "LDN", exactly: "LDN" }]
        },
        "lines.1.exactly"
      ],
      ["reserve", { id: "r", owner: "o", lines, expiresAt: "2026-13-45" }, "expiresAt"],
      ["extend", { reservation: "r" }, "expiresIn"],
      ["move", { sku: "mug", from: "LDN", to: "LDN", quantity: 1 }, "to"],
      ["receive", { sku: "mug", to: "LDN", quantity: 1, commandId: "holdfast:expire:r" }, "commandId"]
    ]
    await unchanged(async () => {
      for (const [name, input, path] of cases)
        await expectInvalid(() => untyped[name]?.(input), name, path, `${name} ${path}`)
    })
  })
})

describe("queries and options", () => {
  it("reject with InvalidCommand, the call and the field", async () => {
    const long = "x".repeat(100_000)
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<unknown>, string]> = [
      ["availability", [], ""],
      ["availability", [null], ""],
      ["availability", [["mug"]], ""],
      ["availability", [{}], "skus"],
      ["availability", [{ skus: "mug" }], "skus"],
      ["availability", [{ skus: ["mug", ""] }], "skus.1"],
      // biome-ignore lint/suspicious/noSparseArray: a hole is what this case is about
      ["availability", [{ skus: [, "mug"] }], "skus.0"],
      ["availability", [{ skus: [1] }], "skus.0"],
      ["availability", [{ skus: [long] }], "skus.0"],
      ["availability", [{ skus: ["mug"], within: "" }], "within"],
      ["availability", [{ skus: ["mug"], exactly: null }], "exactly"],
      ["availability", [{ skus: ["mug"], within: "LDN", exactly: "LDN" }], "exactly"],
      ["availability", [{ skus: ["mug"], at: "LDN" }], "at"],
      ["explain", [], ""],
      ["explain", [{ sku: 1 }], "sku"],
      ["explain", [{ sku: "mug", within: 5 }], "within"],
      ["explain", [{ sku: "mug", [long]: 5 }], long.slice(0, 200)],
      ["history", [{}], "sku"],
      ["history", [{ sku: "mug", limit: 0 }], "limit"],
      ["history", [{ sku: "mug", limit: 1.5 }], "limit"],
      ["history", [{ sku: "mug", before: Number.NaN }], "before"],
      ["history", [{ sku: "mug", before: "5" }], "before"],
      ["history", [{ reservation: "" }], "reservation"],
      ["history", [{ reservation: undefined }], "reservation"],
      ["history", [{ reservation: "r", sku: "mug" }], "sku"],
      ["reservation", [], "id"],
      ["reservation", [" r"], "id"],
      ["outcome", [{}], "commandId"],
      ["outcome", ["a\u0000b"], "commandId"],
      ["forTenant", [], "tenant"],
      ["forTenant", ["x".repeat(201)], "tenant"],
      ["subscribe", [null], ""],
      ["subscribe", [{ from: 0 }], "from"],
      ["subscribe", [{ from: 2 ** 60 }], "from"],
      ["subscribe", [{ pageSize: -1 }], "pageSize"],
      ["subscribe", [{ pollMs: "1" }], "pollMs"],
      ["subscribe", [{ untilHead: "yes" }], "untilHead"],
      ["subscribe", [{ until: 5 }], "until"],
      ["verify", [{ onProgress: 5 }], "onProgress"],
      ["rebuild", [{ onProgress: "x" }], "onProgress"]
    ]
    await unchanged(async () => {
      for (const [method, args, path] of cases) {
        await expectInvalid(() => untyped[method]?.(...args), method, path, `${method} ${path}`)
      }
    })
  })

  it("openInventory says which option is wrong, and opens nothing", async () => {
    const journal = memory()
    const open = openInventory as unknown as (options: unknown) => Promise<unknown>
    const cases: ReadonlyArray<readonly [unknown, string]> = [
      [undefined, ""],
      [null, ""],
      ["memory", ""],
      [{}, "journal"],
      [{ journal: {} }, "journal"],
      [{ journal: memory }, "journal"],
      [{ journal, tenant: "" }, "tenant"],
      [{ journal, tenant: 5 }, "tenant"],
      [{ journal, waitingMax: 0 }, "waitingMax"],
      [{ journal, batchMax: "3" }, "batchMax"],
      [{ journal, cacheRowsMax: Number.NaN }, "cacheRowsMax"],
      [{ journal, storagePatienceMs: -1 }, "storagePatienceMs"],
      [{ journal, sweep: "no" }, "sweep"],
      [{ journal, commandSpans: 1 }, "commandSpans"],
      [{ journal, openTelemetry: {} }, "openTelemetry"],
      [{ journal, waitingmax: 5 }, "waitingmax"]
    ]
    for (const [options, path] of cases)
      await expectInvalid(() => open(options), "openInventory", path, `openInventory ${path}`)
  })
})
