/** Acknowledged exactly once, unknown zero or one time, refused never. */
import { type Command, type CommandCall, causeOf, type Facts, isOwn, sameBody } from "../Facts.ts"

/** Every effect has a call that may have caused it, every acknowledged call has its effect, and there is one at most. */
export function* effects(facts: Facts): Generator<string> {
  const asked = new Set<string>()
  for (const command of facts.commands) {
    if (command.commandId !== undefined) asked.add(command.commandId)
    yield* effectsOf(command)
  }
  const own = new Set<string>()
  for (const effect of facts.effects) {
    const at = `events ${effect.first} to ${effect.last}`
    if (!isOwn(effect)) {
      if (!asked.has(effect.commandId)) yield `${at} are of ${effect.commandId}, which nobody asked for`
    } else if (own.has(effect.commandId)) yield `${at} repeat ${effect.commandId}`
    own.add(effect.commandId)
  }
}

function* effectsOf(command: Command): Generator<string> {
  const { calls, effects } = command
  const name = command.commandId ?? `the call ${calls[0]?.id}`
  const positions = effects.map((effect) => effect.first).join(" and ")
  if (effects.length > 1) yield `${name} took effect ${effects.length} times, at ${positions}`
  if (effects.length === 0 && calls.some((call) => call.answer?.type === "accepted")) {
    yield `${name} was acknowledged and is not in the log`
  }
  for (const effect of effects) {
    const cause = causeOf(command, effect)
    if (cause !== undefined && !mayTakeEffect(cause)) {
      yield `${name} took effect at ${effect.first} by the call ${cause.id}, whose answer was ${describe(cause)}`
    }
    if (cause !== undefined && calls.every((call) => !mayTakeEffect(call) || !sameBody(call, cause))) {
      yield `${name} took effect at ${effect.first}, though all of its calls were told that it did not`
    }
  }
}

const mayTakeEffect = ({ answer }: CommandCall): boolean =>
  answer === undefined || answer.type === "accepted" || answer.type === "unknown" || answer.type === "defect"

const describe = ({ answer }: CommandCall): string =>
  answer?.type === "refused" ? `the refusal ${answer.refusal}` : (answer?.type ?? "none")

/**
 * A refusal after which nobody sends the command again is final: what was sent before through the same engine and seemed
 * lost must not take effect after it. (Of what another engine has sent and lost, an engine cannot know.)
 */
export function* finality(facts: Facts): Generator<string> {
  for (const command of facts.commands) {
    const { calls, effects, commandId } = command
    for (const refused of calls) {
      if (refused.answer?.type !== "refused") continue
      const alike = calls.filter((call) => sameBody(call, refused))
      if (alike.some((call) => call !== refused && call.returnedAt > refused.invokedAt)) continue
      for (const effect of effects) {
        const cause = causeOf(command, effect)
        if (cause === undefined || !alike.includes(cause) || cause.process !== refused.process) continue
        yield `${commandId} was refused as ${refused.answer.refusal} by the call ${refused.id}, the last there was, and took effect at ${effect.first}`
      }
    }
  }
}

/** Per log, the order of the positions is an order in which the commands can have run. */
export function* realTimeOrder(facts: Facts): Generator<string> {
  const done = facts.commands
    .filter(({ effects }) => effects.length > 0)
    .map(({ commandId, calls, effects }) => ({
      commandId,
      position: effects[0]?.first ?? 0,
      invokedAt: Math.min(...calls.map((call) => call.invokedAt)),
      returnedAt: Math.min(
        ...calls.map((call) => (call.answer?.type === "accepted" ? call.returnedAt : Number.POSITIVE_INFINITY))
      )
    }))
    .sort((a, b) => a.position - b.position)
  let latest = done[0]
  for (const command of done) {
    if (latest !== undefined && command.returnedAt < latest.invokedAt) {
      yield `${command.commandId} was acknowledged before ${latest.commandId} was sent, and stands after it (${command.position}, ${latest.position})`
    }
    if (latest === undefined || command.invokedAt > latest.invokedAt) latest = command
  }
}
