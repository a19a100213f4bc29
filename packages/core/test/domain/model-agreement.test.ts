/** The domain against the reference model, which knows the same rules but shares no code. */
import { availability, type CommandAnswer, isRefusal, violations } from "@holdfast/core/domain"
import { commandsToTry, DomainRun, Model, type Outcome, seeded, stepLists } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const confirmedLines = (outcome: Outcome): CommandAnswer<"confirm">["lines"] | undefined =>
  outcome.step.name === "confirm" && outcome.answer !== undefined
    ? (outcome.answer as CommandAnswer<"confirm">).lines
    : undefined

/** Availability in every scope, as the domain and the model see it. */
const expectSameAvailability = (run: DomainRun, model: Model): void => {
  for (const { sku, location } of model.scopes()) {
    for (const exactly of location === "world" ? [false] : [false, true]) {
      const row = availability(run.world, sku, exactly ? { exactly: location } : { within: location }, run.position)
      if (isRefusal(row)) throw row
      const { onHand, held, reserved, allocated, available, claimedAbove, shortBelow } = row
      const { promisable, ...expected } = model.availability(sku, location, exactly)
      const where = `${sku} ${exactly ? "exactly at" : "within"} ${location}`
      expect({ where, onHand, held, reserved, allocated, available }).toEqual({ where, ...expected })
      expect(Math.max(0, available), `${where}, found by matching claims with units`).toBe(promisable)
      expect(onHand - held - allocated - reserved - claimedAbove + shortBelow, `the terms of ${where}`).toBe(available)
      expect(Math.min(claimedAbove, shortBelow), `the terms of ${where}`).toBeGreaterThanOrEqual(0)
    }
  }
}

describe("the domain and the reference model", () => {
  it("accept and refuse the same commands for the same reason, and promise the same in every scope after each", () => {
    fc.assert(
      fc.property(stepLists({ maxLength: 50 }), (steps) => {
        const run = new DomainRun()
        const model = new Model()
        for (const [index, step] of steps.entries()) {
          const outcome = run.run(step)
          const verdict = model.run(step, confirmedLines(outcome))
          expect(`${index} ${step.name}: ${outcome.refusal?._tag ?? "accepted"}`).toBe(
            `${index} ${step.name}: ${verdict}`
          )
          expect(violations(run.world)).toEqual([])
          if (outcome.refusal === undefined || outcome.lapsed.length > 0) expectSameAvailability(run, model)
        }
      }),
      seeded(Math.ceil(commandsToTry / 80))
    )
  })
})
