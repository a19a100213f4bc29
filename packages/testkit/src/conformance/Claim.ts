/**
 * A claim is one sentence that a journal has to make true, and the code that finds out. Claims are plain data and know
 * no test runner: {@link journalConformance} registers them with vitest, and the kit's own tests run them on mutants.
 */
import type { Journal, JournalManifest, JournalProvider, LogId, StorageUnavailable } from "@holdfast/core/ports"
import { Effect, type Scope } from "effect"

/** What a claim is about: one duty of the port, or the engine on top of it. */
export type Duty =
  | "manifest"
  | "append"
  | "idempotency"
  | "order"
  | "loading"
  | "values"
  | "exclusively"
  | "reading"
  | "snapshots"
  | "replacing rows"
  | "isolation"
  | "engine"

/** A storage to test with: what an adapter author's `make` gives. */
export interface JournalUnderTest {
  /** Opens a storage that nobody has used before. */
  readonly journal: JournalProvider
  /**
   * How another process would open that same storage, at the same time or later. Default: `journal`, opened again. A
   * journal that lives and dies with its process gives a new one here.
   */
  readonly elsewhere?: JournalProvider
  /** Removes the storage, after everything is closed. */
  readonly dispose?: () => Promise<void>
}

/** What a claim works with. */
export interface ClaimContext {
  /** Open; shared by all claims, which keep to logs of their own. */
  readonly journal: Journal
  /** Opens the storage of {@link ClaimContext.journal} as another process would. */
  readonly elsewhere: Effect.Effect<Journal, StorageUnavailable, Scope.Scope>
  readonly capabilities: JournalManifest
  /** The name of a log that nobody has used. */
  readonly newLog: () => LogId
  /** A storage that nobody has opened, for claims about opening and closing. It is removed with the scope. */
  readonly newStorage: Effect.Effect<Required<Omit<JournalUnderTest, "dispose">>, never, Scope.Scope>
  /** How long a claim may take, in milliseconds. It bounds a journal that hangs and asserts nothing else. */
  readonly patienceMs: number
}

/** One sentence, and how to find out. */
export interface Claim {
  readonly duty: Duty
  readonly name: string
  /** Whether the claim is made about a journal with these guarantees. Without one of them, the opposite is claimed. */
  readonly applies: (manifest: JournalManifest) => boolean
  /** Rejects, with what was expected and what was found, when the claim is false. */
  readonly run: (context: ClaimContext) => Promise<void>
}

/** A claim before it knows its duty. */
export interface Draft {
  readonly name: string
  readonly applies: (manifest: JournalManifest) => boolean
  readonly body: (context: ClaimContext) => Effect.Effect<unknown, unknown, Scope.Scope>
}

/** Declares a claim. It is false when its effect fails or dies. */
export const claim = (name: string, body: Draft["body"], applies: Draft["applies"] = () => true): Draft => ({
  name,
  applies,
  body
})

/** Gives claims the duty they are about. */
export const about = (duty: Duty, drafts: ReadonlyArray<Draft>): ReadonlyArray<Claim> =>
  drafts.map(({ name, applies, body }) => ({
    duty,
    name,
    applies,
    run: (context) =>
      Effect.runPromise(
        Effect.asVoid(Effect.scoped(body(context))).pipe(
          Effect.timeoutOrElse({
            duration: context.patienceMs,
            orElse: () =>
              Effect.fail(new Error(`"${name}" was not decided within ${context.patienceMs} ms: something hangs`))
          })
        )
      )
  }))
