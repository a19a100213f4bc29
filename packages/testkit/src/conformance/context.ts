/** Opens what claims work with. */
import type { JournalManifest } from "@holdfast/core/ports"
import { Effect, Exit, Scope } from "effect"
import type { ClaimContext, JournalUnderTest } from "./Claim.ts"

/** What an adapter author tells the suite. */
export interface ConformanceOptions {
  /** For the report. */
  readonly name: string
  /** The adapter's manifest: the very value it shows the engine, or one that must equal it. */
  readonly capabilities: JournalManifest
  /** A fresh storage. Called once for the suite, and once for every claim about opening and closing. */
  readonly make: () => JournalUnderTest | Promise<JournalUnderTest>
  /** How long one claim may take, in milliseconds, before it counts as hanging. Default: 60,000. */
  readonly patienceMs?: number
}

const made = (options: Pick<ConformanceOptions, "make">) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => options.make()),
      (storage) => Effect.promise(async () => storage.dispose?.())
    ),
    ({ journal, elsewhere = journal }) => ({ journal, elsewhere })
  )

/** Opens a storage for a run of the suite. Close it after the last claim. */
export const openContext = async (
  options: Omit<ConformanceOptions, "name">
): Promise<{ readonly context: ClaimContext; readonly close: () => Promise<void> }> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    const storage = await Effect.runPromise(Scope.provide(made(options), scope))
    const journal = await Effect.runPromise(Scope.provide(storage.journal.open, scope))
    let logs = 0
    return {
      close,
      context: {
        journal,
        elsewhere: storage.elsewhere.open,
        capabilities: options.capabilities,
        newLog: () => `log ${++logs}`,
        newStorage: made(options),
        patienceMs: options.patienceMs ?? 60_000
      }
    }
  } catch (error) {
    await close()
    throw error
  }
}
