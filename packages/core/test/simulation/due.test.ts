/** Claims that are due when a batch is decided. Found by the simulation, kept as a story. */
import { memory } from "@holdfast/core"
import { makeEngine } from "@holdfast/core/engine"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"

it("an engine that meets the id of another engine's lapsed reservation refuses it, and records the lapse", async () => {
  const { answer, events } = await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const clock = yield* TestClock.make()
        yield* clock.setTime(1_000)
        return yield* Effect.gen(function* () {
          const journal = yield* memory().open
          const first = yield* makeEngine(journal, { sweep: false })
          for (const id of ["bolt", "nut"]) yield* first.submit("registerSku", { id })
          yield* first.submit("registerLocation", { id: "site", kind: "site" })
          yield* first.submit("receive", { sku: "bolt", to: "site", quantity: 5 })
          const claim = { id: "cart", owner: "customer", expiresIn: 10 }
          yield* first.submit("reserve", { ...claim, lines: [{ sku: "bolt", quantity: 2, within: "site" }] })
          yield* clock.adjust(20)

          // It believes the id to be new, so it finds the reservation, and what it claims, only after it decided once.
          const second = yield* makeEngine(journal, { sweep: false })
          const answer = yield* Effect.result(
            second.submit("reserve", { ...claim, lines: [{ sku: "nut", quantity: 9 }] })
          )
          return { answer, events: yield* second.reservationHistory("cart") }
        }).pipe(Effect.provideService(Clock.Clock, clock))
      })
    )
  )
  expect(answer).toMatchObject({ _tag: "Failure", failure: { _tag: "ReservationExists" } })
  expect(events.map((event) => event.type)).toEqual(["ReservationMade", "ReservationExpired"])
})
