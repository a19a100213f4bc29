/**
 * The reference model: what an inventory must answer, written from the vocabulary and the laws, not from the domain's
 * code. It keeps lists of facts and recomputes every figure from all of them, so there is nothing that can drift.
 */
import { ModelClaims } from "./ModelClaims.ts"
import type { ConfirmedLine, Verdict } from "./ModelFacts.ts"
import type { Step } from "./Step.ts"

/** Says how every command must end. */
export class Model extends ModelClaims {
  /** Says how a command must end, and remembers the facts if it is accepted. `confirmed` is what a confirm answered. */
  run(step: Step, confirmed?: ReadonlyArray<ConfirmedLine>): Verdict {
    this.age += 1
    this.expire(step.now)
    switch (step.name) {
      case "registerSku":
        return this.registerSku(step.input)
      case "changeSkuCode":
        return this.changeSkuCode(step.input)
      case "retireSku":
        return this.retireSku(step.input.id)
      case "registerLocation":
        return this.registerLocation(step.input)
      case "reparentLocation":
        return this.reparentLocation(step.input)
      case "closeLocation":
        return this.closeLocation(step.input.id)
      case "receive":
        return this.receive(step.input)
      case "move":
        return this.move(step.input)
      case "issue":
        return this.issue(step.input)
      case "return":
        return this.takeBack(step.input)
      case "adjust":
        return this.adjust(step.input)
      case "count":
        return this.count(step.input)
      case "placeHold":
        return this.placeHold(step.input)
      case "liftHold":
        return this.liftHold(step.input)
      case "reserve":
        return this.reserve(step.input, step.now)
      case "extend":
        return this.extend(step.input, step.now)
      case "release":
        return this.release(step.input)
      case "confirm":
        return this.confirm(step.input.reservation, confirmed)
      case "ship":
        return this.ship(step.input)
      default:
        return step satisfies never
    }
  }

  /** Claims are dead from `expiresAt` on, one after the other, and what each frees goes to waiting demand. */
  expire(now: number): void {
    const due = this.reservations.filter(({ status, expiresAt }) => status === "active" && expiresAt <= now)
    for (const reservation of due.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))) {
      reservation.status = "expired"
      for (const line of reservation.lines) {
        line.reserved = 0
        line.backordered = 0
      }
      for (const sku of new Set(reservation.lines.map((line) => line.sku))) this.fill(sku)
    }
  }
}
