/** Claims about command ids: one id, one effect, and an answer to the question what it was. */
import { strict as assert } from "node:assert"
import { CommandRecorded } from "@holdfast/core/ports"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, moved, oneCommand, registered, someInstant } from "../events.ts"
import { look, withoutFingerprint } from "../look.ts"
import { skuRow, skusTable } from "../rows.ts"
import { awkwardTexts } from "../texts.ts"

export const idempotencyClaims = about("idempotency", [
  claim(
    "an append with a recorded command fails as CommandRecorded and writes nothing, wherever in it the command is",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const commands = ["a", "b", "c"].map((id) => ({ id, events: [registered(id), moved([id, "x"])] }))
        yield* journal.append(log, appendOf(0, { commands, rows: [{ table: skusTable, rows: [skuRow("a", 1)] }] }))
        const before = yield* look(journal, log)
        for (const recorded of ["a", "b", "c"]) {
          for (const ids of [[recorded], [recorded, "new"], ["new", recorded, "newer"], ["new", "newer", recorded]]) {
            const append = appendOf(6, {
              commands: ids.map((id) => ({ id, events: [registered(id), registered(`${id} too`)] })),
              rows: [{ table: skusTable, rows: [skuRow("a", 99), skuRow("new", 99)] }]
            })
            const result = yield* Effect.result(journal.append(log, append))
            assert.ok(
              result._tag === "Failure",
              `the recorded command ${recorded} was stored again among ${ids.join(", ")}`
            )
            assert.ok(result.failure instanceof CommandRecorded, `it failed with ${result.failure._tag}`)
            assert.deepEqual(yield* look(journal, log), before)
          }
        }
        yield* journal.append(log, oneCommand(6, "new"))
        assert.equal((yield* journal.head(log)).position, 7)
      })
  ),

  claim(
    "an outcome is the fingerprint and all events of its command, in order, and of no other",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* journal.head(log)
        const sizes = [1, 5, 1, 2, 12, 1]
        const commands = sizes.map((size, index) => ({
          id: `c${index}`,
          fingerprint: `body ${index % 2}`,
          events: Array.from({ length: size }, (_, at) =>
            at % 2 === 0 ? registered(`s${at}`) : moved([`s${at}`, "t"])
          )
        }))
        const append = appendOf(0, { commands })
        yield* journal.append(log, append)
        const { head, outcomes } = yield* journal.outcomes(
          log,
          commands.map(({ id }) => id)
        )
        assert.deepEqual(head, { position: append.events.length, recordedAt: someInstant })
        for (const { id, fingerprint } of commands) {
          const outcome = outcomes.get(id)
          assert.deepEqual(
            { id, fingerprint: outcome?.fingerprint, events: outcome?.events.map(withoutFingerprint) },
            { id, fingerprint, events: append.events.filter((event) => event.commandId === id).map(withoutFingerprint) }
          )
        }
      })
  ),

  claim("unknown commands have no outcome, in an empty log, alone, or among known ones", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      const nothing = yield* journal.outcomes(log, ["a", "b"])
      yield* journal.head(log)
      assert.deepEqual([nothing.head.position, [...nothing.outcomes.keys()]], [0, []])
      yield* journal.append(log, oneCommand(0, "a"))
      assert.deepEqual([...(yield* journal.outcomes(log, [])).outcomes.keys()], [])
      assert.deepEqual([...(yield* journal.outcomes(log, ["b"])).outcomes.keys()], [])
      const mixed = yield* journal.outcomes(log, ["A", "a", "a ", " a", "b"])
      assert.deepEqual([mixed.head.position, [...mixed.outcomes.keys()]], [1, ["a"]])
    })
  ),

  claim("the outcomes of a command that never happened stay empty after an append that failed", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      yield* journal.append(log, oneCommand(0, "a"))
      yield* Effect.result(journal.append(log, oneCommand(0, "too late")))
      yield* Effect.result(
        journal.append(log, appendOf(1, { commands: ["b", "a"].map((id) => ({ id, events: [registered(id)] })) }))
      )
      const { outcomes } = yield* journal.outcomes(log, ["too late", "b"])
      assert.deepEqual([...outcomes.keys()], [])
      yield* journal.append(
        log,
        appendOf(1, { commands: ["too late", "b"].map((id) => ({ id, events: [registered(id)] })) })
      )
      assert.equal((yield* journal.head(log)).position, 3)
    })
  ),

  claim("5,000 commands are looked up at once, known and unknown ones", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const known = Array.from({ length: 2_500 }, (_, index) => `known ${index}`)
      yield* journal.append(log, appendOf(0, { commands: known.map((id) => ({ id, events: [registered(id)] })) }))
      const unknown = known.map((id) => `un${id}`)
      const { outcomes } = yield* journal.outcomes(log, [...unknown, ...known])
      assert.equal(outcomes.size, known.length)
      for (const [index, id] of known.entries()) {
        assert.deepEqual(
          outcomes.get(id)?.events.map((event) => event.position),
          [index + 1]
        )
      }
    })
  ),

  claim("command ids differ by every character: case, accents, spaces, quotes, length", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      for (const [position, id] of awkwardTexts.entries()) yield* journal.append(log, oneCommand(position, id))
      const { outcomes } = yield* journal.outcomes(log, awkwardTexts)
      assert.equal(outcomes.size, awkwardTexts.length)
      for (const [index, id] of awkwardTexts.entries()) {
        assert.deepEqual([id, outcomes.get(id)?.events.map((event) => event.position)], [id, [index + 1]])
      }
    })
  )
])
