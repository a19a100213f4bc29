/** What the types promise. Checked by the compiler; the run only counts them. */
import type { CommandIdReused, InsufficientStock, InvalidCommand, Inventory, Receipt, UnknownSku } from "@holdfast/core"
import type { CommandInput } from "@holdfast/core/domain"
import type { CommandFailure, Engine, ReadRefusal } from "@holdfast/core/engine"
import { Inventory as InventoryService } from "@holdfast/core/effect"
import type { StorageUnavailable } from "@holdfast/core/ports"
import { Effect, type Layer, type Stream } from "effect"
import { describe, expectTypeOf, it } from "vitest"

describe("the Promise face", () => {
  it("answers each command with its own receipt, id, position and time", () => {
    expectTypeOf<Inventory["reserve"]>().returns.resolves.toMatchTypeOf<{
      readonly reservation: string
      readonly expiresAt: number
      readonly commandId: string
      readonly position: number
      readonly recordedAt: number
    }>()
    expectTypeOf<Inventory["count"]>().returns.resolves.toMatchTypeOf<{ readonly variance: number }>()
    expectTypeOf<Receipt<"ship">["lines"]>().items.toEqualTypeOf<{
      line: number
      sku: string
      quantity: number
      from: string
    }>()
  })

  it("asks each command for its own fields", () => {
    expectTypeOf<CommandInput<"receive">>().toHaveProperty("quantity").toEqualTypeOf<number>()
    expectTypeOf<{ sku: string; to: string }>().not.toMatchTypeOf<CommandInput<"receive">>()
    expectTypeOf<{ sku: string; at: string; direction: "increase"; quantity: number }>().not.toMatchTypeOf<
      CommandInput<"adjust">
    >()
    expectTypeOf<CommandInput<"registerLocation">["kind"]>().toEqualTypeOf<
      "site" | "zone" | "bin" | "transit" | "virtual"
    >()
    expectTypeOf<CommandInput<"reserve">["expiresIn"]>().toEqualTypeOf<string | number | undefined>()
  })

  it("does not let a query say both within and exactly", () => {
    type Query = Parameters<Inventory["availability"]>[0]
    expectTypeOf<{ skus: Array<string>; within: string }>().toMatchTypeOf<Query>()
    expectTypeOf<{ skus: Array<string>; exactly: string }>().toMatchTypeOf<Query>()
    expectTypeOf<{ skus: Array<string> }>().toMatchTypeOf<Query>()
    expectTypeOf<{ skus: Array<string>; within: string; exactly: string }>().not.toMatchTypeOf<Query>()
  })

  it("shows no Effect: what methods give are promises and async iterables of plain values", () => {
    type Methods = {
      readonly [K in keyof Inventory]: Inventory[K] extends (...args: never) => infer R ? Awaited<R> : never
    }
    type Effectful = Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>
    expectTypeOf<Extract<Methods[keyof Methods], Effectful>>().toEqualTypeOf<never>()
    expectTypeOf<Inventory["subscribe"]>().returns.toMatchTypeOf<AsyncIterable<{ readonly position: number }>>()
  })
})

describe("the Effect face", () => {
  it("fails with the union of tagged errors, from which catchTag takes one away", () => {
    expectTypeOf<
      InsufficientStock | UnknownSku | CommandIdReused | InvalidCommand | StorageUnavailable
    >().toMatchTypeOf<CommandFailure>()
    const submit = (engine: Engine) =>
      engine
        .submit("receive", { sku: "mug", to: "LDN", quantity: 1 })
        .pipe(Effect.catchTag("UnknownSku", (refusal) => Effect.succeed(refusal.sku)))
    expectTypeOf(submit).returns.toEqualTypeOf<
      Effect.Effect<Receipt<"receive"> | string, Exclude<CommandFailure, UnknownSku>>
    >()
  })

  it("reads fail only with what a read can be refused for", () => {
    expectTypeOf<ReadRefusal["_tag"]>().toEqualTypeOf<"UnknownSku" | "UnknownLocation" | "WrongKindOfLocation">()
  })

  it("the layer needs nothing and gives the service", () => {
    expectTypeOf(InventoryService.layer).returns.toMatchTypeOf<Layer.Layer<InventoryService, unknown, never>>()
  })
})
