/** Every acknowledged answer is what the log says, and what the reference model says when it replays the log. */
import { isDeepStrictEqual } from "node:util"
import { answer, type CommandName } from "@holdfast/core/domain"
import { Model } from "../../model/Model.ts"
import type { ConfirmedLine } from "../../model/ModelFacts.ts"
import type { Step } from "../../model/Step.ts"
import { type Call, type Command, causeOf, type Facts, isOwn, sameBody, stepOf } from "../Facts.ts"

/** A receipt is its command's events, told once more; every repetition of a command gets the same one. */
export function* receipts({ commands }: Facts): Generator<string> {
  for (const command of commands) {
    const effect = command.effects[0]
    for (const call of command.calls) {
      const { request, answer: given, id } = call
      if (given?.type === "reused") yield* reused(command, id, given.position)
      if (given?.type !== "accepted" || effect === undefined) continue
      const last = effect.events.at(-1)
      const expected = {
        ...(answer(request.name, effect.events) as object),
        commandId: effect.commandId,
        position: last?.position,
        recordedAt: last?.recordedAt
      }
      if (!isDeepStrictEqual(plain(given.receipt), plain(expected))) {
        yield `the call ${id} got ${JSON.stringify(given.receipt)}, the log says ${JSON.stringify(expected)}`
      }
      const cause = causeOf(command, effect)
      if (cause !== undefined && !sameBody(cause, call)) {
        yield `the call ${id} was acknowledged with the effect of another command, that of the call ${cause.id}`
      }
    }
  }
}

function* reused(command: Command, id: string, position: number): Generator<string> {
  const effect = command.effects[0]
  const call = command.calls.find((other) => other.id === id)
  const cause = effect === undefined ? undefined : causeOf(command, effect)
  if (effect?.last !== position)
    yield `the call ${id} was told that its id is used at ${position}, the log has it at ${effect?.last}`
  if (call !== undefined && cause !== undefined && sameBody(call, cause)) {
    yield `the call ${id} was told that its id is used for another command, and it is the same`
  }
}

/** As it comes out of JSON: without what is undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** The reference model accepts, in log order, every command that is in the log. */
export function* replay(facts: Facts): Generator<string> {
  const model = new Model()
  const commandOf = new Map(facts.commands.map((command) => [command.commandId, command]))
  for (const effect of facts.effects) {
    const now = effect.events[0]?.recordedAt ?? 0
    if (isOwn(effect)) {
      model.expire(now)
      continue
    }
    const command = commandOf.get(effect.commandId)
    const cause = command === undefined ? undefined : causeOf(command, effect)
    if (cause === undefined) return
    const step = { ...stepOf(cause), now } as Step
    try {
      const verdict = model.run(step, confirmedLines(step.name, effect.events))
      if (verdict !== "accepted") {
        yield `${effect.commandId} (${step.name}) is in the log at ${effect.first}; the model refuses it there as ${verdict}`
        return
      }
    } catch (error) {
      yield `${effect.commandId} (${step.name}) is in the log at ${effect.first}; the model objects: ${String(error)}`
      return
    }
  }
}

const confirmedLines = (
  name: CommandName,
  events: Parameters<typeof answer>[1]
): ReadonlyArray<ConfirmedLine> | undefined =>
  name === "confirm" ? (answer(name, events) as { readonly lines: ReadonlyArray<ConfirmedLine> }).lines : undefined

/** Nobody got an error that nobody has foreseen, and the records fit together. */
export function* surprises({ calls, oddities }: Facts): Generator<string> {
  yield* oddities
  for (const { answer, id } of calls.values()) {
    if (answer?.type === "defect") yield `the call ${id} got ${answer.message}`
    if (answer !== undefined && !fits(answer.type, calls.get(id)?.request.type))
      yield `the call ${id} got ${answer.type}`
  }
}

const fits = (answer: NonNullable<Call["answer"]>["type"], request: "command" | "availability" | undefined): boolean =>
  answer === "defect" ||
  answer === "refused" ||
  // A closed inventory answers nothing, questions included.
  answer === "notApplied" ||
  (request === "availability") === (answer === "available" || answer === "unanswered")
