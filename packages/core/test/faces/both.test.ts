/** One engine, two faces: the same commands get the same answers, refusals and figures from both. */
import { memory, openInventory } from "@holdfast/core"
import type { CommandInput, CommandName } from "@holdfast/core/domain"
import { Inventory } from "@holdfast/core/effect"
import { seeded, type Step, stepLists } from "@holdfast/testkit/model"
import { Effect, Exit, ManagedRuntime, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

/** What both faces can do, with promises. */
interface Face {
  submit<N extends CommandName>(name: N, input: CommandInput<N>): Promise<unknown>
  available(sku: string): Promise<unknown>
  log(): Promise<ReadonlyArray<{ readonly type: string; readonly data: unknown }>>
  close(): Promise<void>
}

const promiseFace = async (): Promise<Face> => {
  const inventory = await openInventory({ journal: memory(), sweep: false })
  return {
    submit: (name, input) => (inventory[name] as (input: unknown) => Promise<unknown>)(input),
    available: (sku) => inventory.availability({ skus: [sku] }),
    log: async () => {
      const events = []
      for await (const event of inventory.subscribe({ untilHead: true })) events.push(event)
      return events
    },
    close: () => inventory.close()
  }
}

const effectFace = async (): Promise<Face> => {
  const runtime = ManagedRuntime.make(Inventory.layer({ journal: memory(), sweep: false }))
  const run = async <A, E>(use: (inventory: Inventory["Service"]) => Effect.Effect<A, E>): Promise<A> => {
    const exit = await runtime.runPromiseExit(Inventory.use(use))
    if (Exit.isSuccess(exit)) return exit.value
    throw exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error : reason))[0]
  }
  return {
    submit: (name, input) => run((inventory) => inventory.submit(name, input)),
    available: (sku) => run((inventory) => inventory.availability([sku], {})),
    log: () => run((inventory) => Stream.runCollect(inventory.subscribe({ untilHead: true }))),
    close: () => runtime.dispose()
  }
}

/** An answer without what two runs cannot share: generated ids and the clock. */
const comparable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      [
        "commandId",
        "recordedAt",
        "effectiveAt",
        "expiresAt",
        "extendableUntil",
        "expiredAt",
        "from",
        "mustBeAfter"
      ].includes(key) && typeof inner !== "object"
        ? ""
        : inner
    ) ?? "null"
  )

const answersOf = async (face: Face, steps: ReadonlyArray<Step>) => {
  const answers: Array<unknown> = []
  for (const { name, input } of steps) {
    answers.push(
      await face.submit(name, input as never).then(
        (receipt) => comparable(receipt),
        (error: { readonly _tag: string; readonly message: string }) => [error._tag, comparable(error)]
      )
    )
  }
  for (const sku of ["bolt", "nut"]) answers.push(await face.available(sku))
  answers.push(comparable((await face.log()).map(({ type, data }) => ({ type, data }))))
  await face.close()
  return answers
}

/** Steps whose claims outlive any run of this test, so that the real clock does not matter. */
const timeless = (steps: ReadonlyArray<Step>): ReadonlyArray<Step> =>
  steps
    .filter(({ name }) => name !== "extend")
    .map((step) =>
      step.name === "reserve"
        ? {
            name: "reserve",
            now: step.now,
            input: { id: step.input.id, owner: step.input.owner, lines: step.input.lines, expiresIn: "10 hours" }
          }
        : step
    )

describe("the two faces", () => {
  it("answer random commands the same, and leave the same log", async () => {
    await fc.assert(
      fc.asyncProperty(stepLists({ maxLength: 30 }), async (steps) => {
        const list = timeless(steps)
        expect(await answersOf(await effectFace(), list)).toEqual(await answersOf(await promiseFace(), list))
      }),
      seeded(15)
    )
  })

  it("the layer answers everyone and closes with its scope; catchTag catches a refusal by its name", async () => {
    const program = Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.submit("registerSku", { id: "mug" })
      const caught = yield* inventory
        .submit("receive", { sku: "mug", to: "X", quantity: 1 })
        .pipe(Effect.catchTag("UnknownLocation", (refusal) => Effect.succeed(refusal.location)))
      return { inventory, caught }
    })
    const { inventory, caught } = await Effect.runPromise(
      program.pipe(Effect.provide(Inventory.layer({ journal: memory() })))
    )
    expect(caught).toBe("X")
    await expect(Effect.runPromise(inventory.submit("registerSku", { id: "cup" }))).rejects.toMatchObject({
      _tag: "InventoryClosed"
    })
  })
})
