/** Opens journals and clients for tests that look below the faces. */
import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import type { Journal, JournalProvider } from "@holdfast/core/ports"
import { Effect, Exit, Redacted, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { onTestFinished } from "vitest"

/** Opens a journal until the running test ends. Rejects with the typed failure itself. */
export const openJournal = async (provider: JournalProvider): Promise<Journal> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(provider.open, scope))
}

/** Statements over connections that have nothing to do with Holdfast's. */
export interface Observer {
  query<R extends object>(text: string, parameters?: ReadonlyArray<unknown>): Promise<ReadonlyArray<R>>
}

/** Connects to a database until the running test ends. */
export const observe = async (url: string): Promise<Observer> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const sql = await PgClient.make({ url: Redacted.make(url), applicationName: "observer", maxConnections: 4 }).pipe(
    Effect.provide(Reactivity.layer),
    Scope.provide(scope),
    Effect.runPromise
  )
  return { query: (text, parameters = []) => Effect.runPromise(sql.unsafe(text, parameters)) }
}

/** Waits until something is so. Rejects after half a minute, with what was waited for. */
export const eventually = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 1_500) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** An id that nobody else has. */
export const fresh = (name: string): string => `${name}-${randomUUID()}`
