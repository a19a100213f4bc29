/** The Effect face: a service over the engine. */
import { Context, Effect, Layer } from "effect"
import { type Engine, type EngineOptions, makeEngine } from "../engine/index.ts"
import type { StorageUnavailable, WeakGuarantee } from "../ports/errors.ts"
import type { JournalProvider } from "../ports/Journal.ts"

/**
 * The inventory of one tenant. Commands run through `submit`; a refusal fails with its tagged error.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const inventory = yield* Inventory
 *   yield* inventory.submit("receive", { sku: "mug-blue", to: "LDN", quantity: 100 })
 * }).pipe(Effect.catchTag("UnknownSku", () => Effect.void))
 *
 * program.pipe(Effect.provide(Inventory.layer({ journal: memory() })))
 * ```
 */
export class Inventory extends Context.Service<Inventory, Engine>()("@holdfast/core/effect/Inventory") {
  /** Opens the journal and the inventory; both close with the layer, after all waiting commands are answered. */
  static readonly layer = (
    options: EngineOptions & { readonly journal: JournalProvider }
  ): Layer.Layer<Inventory, StorageUnavailable | WeakGuarantee> =>
    Layer.effect(
      Inventory,
      Effect.flatMap(options.journal.open, (journal) => makeEngine(journal, options))
    )
}
