/**
 * Claims about the manifest: it serves the running engine and this suite, so it must be true. Where a guarantee is
 * absent, the opposite is claimed: an adapter that promises less than it does is as misleading as one that promises more.
 */
import { strict as assert } from "node:assert"
import { makeEngine } from "@holdfast/core/engine"
import type { JournalProvider } from "@holdfast/core/ports"
import { Effect, Fiber } from "effect"
import { about, claim } from "../Claim.ts"
import { oneCommand } from "../events.ts"
import { look } from "../look.ts"
import { skuRow, skusTable } from "../rows.ts"

const log = "the log"

/** Opens, appends three commands with a row each, and gives what the log looks like. */
const filled = Effect.fnUntraced(function* (provider: JournalProvider) {
  const journal = yield* provider.open
  yield* journal.head(log)
  for (const [position, id] of ["a", "b", "c"].entries()) {
    yield* journal.append(log, oneCommand(position, id, [{ table: skusTable, rows: [skuRow(id, position + 1)] }]))
  }
  return { journal, content: yield* look(journal, log) }
})

const empty = { head: { position: 0, recordedAt: 0 }, events: [], rows: {} }

export const manifestClaims = about("manifest", [
  claim("the journal's manifest says what the suite was told", ({ journal, elsewhere, capabilities }) =>
    Effect.gen(function* () {
      assert.deepEqual(journal.manifest, capabilities)
      if (capabilities.shared) assert.deepEqual((yield* elsewhere).manifest, capabilities)
    })
  ),

  claim(
    "an engine starts on it",
    ({ journal, newLog }) => makeEngine(journal, { tenant: newLog(), sweep: false }),
    (manifest) => manifest.linearizable && manifest.atomicAppend
  ),

  claim(
    "an engine refuses to start on it: it guarantees too little",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const result = yield* Effect.result(makeEngine(journal, { tenant: newLog(), sweep: false }))
        assert.equal(result._tag === "Failure" ? result.failure._tag : result._tag, "WeakGuarantee")
      }),
    (manifest) => !manifest.linearizable || !manifest.atomicAppend
  ),

  claim(
    "durable: what was acknowledged is there when another process opens the storage after this one has closed it",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const { content } = yield* Effect.scoped(filled(storage.journal))
        for (let time = 0; time < 2; time++) {
          assert.deepEqual(
            yield* Effect.scoped(Effect.flatMap(storage.elsewhere.open, (journal) => look(journal, log))),
            content
          )
        }
        yield* Effect.scoped(
          Effect.gen(function* () {
            const journal = yield* storage.elsewhere.open
            const recorded = yield* Effect.result(journal.append(log, oneCommand(3, "b")))
            assert.equal(recorded._tag === "Failure" ? recorded.failure._tag : recorded._tag, "CommandRecorded")
            yield* journal.append(log, oneCommand(3, "d"))
          })
        )
      }),
    (manifest) => manifest.durable
  ),

  claim(
    "durable: what was acknowledged is there although the opening before was abandoned in the middle of its work",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const acknowledged: Array<number> = []
        const working = Effect.gen(function* () {
          const journal = yield* storage.journal.open
          yield* journal.head(log)
          for (let position = 0; ; position++) {
            yield* journal.append(
              log,
              oneCommand(position, `c${position}`, [{ table: skusTable, rows: [skuRow("a", position + 1)] }])
            )
            acknowledged.push(position + 1)
          }
        }).pipe(Effect.scoped)
        const worker = yield* Effect.forkChild(working)
        while (acknowledged.length < 20) yield* Effect.sleep(1)
        yield* Fiber.interrupt(worker)
        const found = yield* Effect.scoped(Effect.flatMap(storage.elsewhere.open, (journal) => look(journal, log)))
        assert.ok(found.head.position >= acknowledged.length, "an acknowledged event is lost")
        assert.equal(found.events.length, found.head.position)
        assert.deepEqual(found.rows["skus"], [skuRow("a", found.head.position)])
      }),
    (manifest) => manifest.durable
  ),

  claim(
    "not durable: when another process opens it after this one has closed it, nothing is there",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        yield* Effect.scoped(filled(storage.journal))
        const found = yield* Effect.scoped(Effect.flatMap(storage.elsewhere.open, (journal) => look(journal, log)))
        assert.deepEqual(found, empty, "it keeps what it was given, so it is durable")
      }),
    (manifest) => !manifest.durable
  ),

  claim(
    "shared: another process sees what this one appended, at once, and the other way round",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const { journal, content } = yield* filled(storage.journal)
        const other = yield* storage.elsewhere.open
        assert.deepEqual(yield* look(other, log), content)
        yield* other.append(log, oneCommand(3, "d", [{ table: skusTable, rows: [skuRow("a", 4)] }]))
        assert.deepEqual(yield* look(journal, log), yield* look(other, log))
        assert.equal((yield* journal.head(log)).position, 4)
      }),
    (manifest) => manifest.shared
  ),

  claim(
    "shared: many processes open a new storage at the same time",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const opening = [storage.journal, storage.elsewhere, storage.elsewhere, storage.elsewhere].map(
          ({ open }) => open
        )
        const journals = yield* Effect.all(opening, { concurrency: "unbounded" })
        const results = yield* Effect.all(
          journals.map((journal, index) =>
            Effect.andThen(journal.head(log), Effect.result(journal.append(log, oneCommand(0, `c${index}`))))
          ),
          { concurrency: "unbounded" }
        )
        assert.equal(results.filter((result) => result._tag === "Success").length, 1)
      }),
    (manifest) => manifest.shared
  ),

  claim(
    "not shared: while it is open here, another process is refused, or has a storage of its own",
    ({ newStorage }) =>
      Effect.gen(function* () {
        const storage = yield* newStorage
        const { journal, content } = yield* filled(storage.journal)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const opened = yield* Effect.result(storage.elsewhere.open)
            if (opened._tag === "Failure") {
              assert.deepEqual([opened.failure._tag, opened.failure.outcome], ["StorageUnavailable", "not-applied"])
              return
            }
            assert.deepEqual(
              yield* look(opened.success, log),
              empty,
              "it shows another process what is in it, so it is shared"
            )
          })
        )
        assert.deepEqual(yield* look(journal, log), content)
        yield* journal.append(log, oneCommand(3, "d"))
      }),
    (manifest) => !manifest.shared
  )
])
