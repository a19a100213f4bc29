/** The domain only reads what it is given, says beforehand what that is, and leaves no trace of what it refused. */
import {
  availability,
  availabilityFootprint,
  decide,
  decodeCommand,
  Draft,
  evolveInto,
  footprint,
  isRefusal,
  lapse,
  lapseFootprint,
  type World
} from "@holdfast/core/domain"
import { DomainRun, Model, seeded, stepLists, StrictView } from "@holdfast/testkit/model"
import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const deepFreeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}

/** All rows as text, in key order. */
const printed = (world: World): string =>
  JSON.stringify([...world.rows].map(([table, rows]) => [table, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))]))

const freeze = (world: World): void => {
  for (const rows of world.rows.values()) for (const row of rows.values()) deepFreeze(row)
}

describe("decide", () => {
  it("never changes the state it reads, and leaves no trace of a command it refuses", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 40 }), (steps) => {
        const run = new DomainRun()
        for (const step of steps) {
          for (const id of run.world.due(step.now)) lapse(run.world, id, step.now)
          freeze(run.world)
          const before = printed(run.world)
          const decoded = decodeCommand(step.name, step.input)
          if (Result.isSuccess(decoded)) {
            deepFreeze(decoded.success)
            const decision = decide(run.world, decoded.success, step.now)
            if (!isRefusal(decision)) for (const event of decision) deepFreeze(event)
          }
          expect(printed(run.world)).toBe(before)
          const outcome = run.run(step)
          if (outcome.refusal !== undefined && outcome.lapsed.length === 0) expect(printed(run.world)).toBe(before)
        }
      }),
      seeded(60)
    )
  })

  it("gives the same decision for the same state, command and instant", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 30 }), (steps) => {
        const first = new DomainRun()
        const second = new DomainRun()
        for (const step of steps) {
          const one = first.run(step)
          const other = second.run(step)
          expect(JSON.stringify([one.events, one.refusal?.message])).toBe(
            JSON.stringify([other.events, other.refusal?.message])
          )
        }
      }),
      seeded(40)
    )
  })
})

describe("a footprint", () => {
  it("asks for every row and group that deciding the command and evolving its events will read", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 50 }), (steps) => {
        const run = new DomainRun()
        for (const step of steps) {
          for (const id of run.world.due(step.now)) {
            const view = new StrictView(run.world)
            view.load((needs) => lapseFootprint(id, needs))
            const draft = new Draft(view)
            for (const event of lapse(view, id, step.now))
              evolveInto(draft, event, { position: 1, effectiveAt: 1, recordedAt: 1 })
          }
          const decoded = decodeCommand(step.name, step.input)
          if (Result.isSuccess(decoded)) {
            run.lapse(step.now)
            const command = decoded.success
            const view = new StrictView(run.world)
            view.load((needs) => footprint(command, needs))
            const decision = decide(view, command, step.now)
            if (!isRefusal(decision)) {
              const draft = new Draft(view)
              for (const event of decision) evolveInto(draft, event, { position: 1, effectiveAt: 1, recordedAt: 1 })
            }
          }
          run.run(step)
        }
      }),
      seeded(250)
    )
  })

  it("of a question about availability asks for all that the answer reads", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 20 }), (steps) => {
        const run = new DomainRun()
        const model = new Model()
        for (const step of steps.filter((step) => step.name !== "confirm")) {
          run.run(step)
          model.run(step)
        }
        for (const { sku, location } of model.scopes()) {
          const view = new StrictView(run.world)
          const rounds = view.load((needs) => availabilityFootprint([sku], { within: location }, needs))
          expect(rounds).toBeLessThanOrEqual(2)
          expect(availability(view, sku, { within: location }, 1)).toEqual(
            availability(run.world, sku, { within: location }, 1)
          )
        }
      }),
      seeded(20)
    )
  })
})
