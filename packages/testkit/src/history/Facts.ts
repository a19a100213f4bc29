/** A history, put in order: calls with both of their ends, commands with all of their calls, and what each did. */
import { type CommandName, type Event, ownCommandPrefix } from "@holdfast/core/domain"
import type { Answer, History, HistoryRecord, Request } from "./History.ts"

/** A call. One that never returned has no answer and returns after everything. */
export interface Call<R extends Request = Request> {
  readonly id: string
  readonly process: string | undefined
  readonly request: R
  readonly invokedAt: number
  readonly returnedAt: number
  readonly answer: Answer | undefined
}

/** A call of a command. */
export type CommandCall = Call<Extract<Request, { readonly type: "command" }>>

/** The contiguous events of one command id. */
export interface Effect {
  readonly commandId: string
  readonly events: ReadonlyArray<Event>
  readonly first: number
  readonly last: number
}

/** All calls under one command id. Calls without a known id, whose effect nobody saw, are commands of their own. */
export interface Command {
  readonly commandId: string | undefined
  readonly calls: ReadonlyArray<CommandCall>
  readonly effects: ReadonlyArray<Effect>
}

/** See the top of the file. */
export interface Facts {
  readonly history: History
  readonly events: ReadonlyArray<Event>
  readonly calls: ReadonlyMap<string, Call>
  readonly commands: ReadonlyArray<Command>
  /** In log order; the engine's own are among them. */
  readonly effects: ReadonlyArray<Effect>
  /** Records that do not fit together. */
  readonly oddities: ReadonlyArray<string>
  /** Lowest and highest position at which a call can have looked at the log. */
  window(call: Call): readonly [lowest: number, highest: number]
  /** Earliest clock during a call, and the latest that any engine can have seen by its end. */
  clocks(call: Call): readonly [earliest: number, latest: number]
}

/** Puts a history in order. */
export const factsOf = (history: History): Facts => {
  const records = [...history.records].sort((a, b) => a.at - b.at)
  const { calls, oddities } = joinCalls(records)
  const effects = effectsOf(history.events)
  const commands = commandsOf(calls, effects)
  return {
    history,
    events: history.events,
    calls,
    commands,
    effects,
    oddities,
    window: windows(commands, history.events.length),
    clocks: clocks(records)
  }
}

const joinCalls = (records: ReadonlyArray<HistoryRecord>) => {
  const calls = new Map<string, Call>()
  const oddities: Array<string> = []
  for (const record of records) {
    if (record.record === "invoked") {
      if (calls.has(record.call)) oddities.push(`the call ${record.call} was invoked twice`)
      calls.set(record.call, {
        id: record.call,
        process: record.process,
        request: record.request,
        invokedAt: record.at,
        returnedAt: Number.POSITIVE_INFINITY,
        answer: undefined
      })
    } else if (record.record === "returned") {
      const call = calls.get(record.call)
      if (call === undefined) oddities.push(`the call ${record.call} returned and was never invoked`)
      else if (call.answer !== undefined) oddities.push(`the call ${record.call} returned twice`)
      else calls.set(record.call, { ...call, returnedAt: record.at, answer: record.answer })
    }
  }
  return { calls, oddities }
}

const effectsOf = (events: ReadonlyArray<Event>): ReadonlyArray<Effect> => {
  const effects: Array<Effect> = []
  let run: Array<Event> = []
  for (const [index, event] of events.entries()) {
    run.push(event)
    if (
      events[index + 1]?.commandId === event.commandId &&
      events[index + 1]?.commandPosition === event.commandPosition
    )
      continue
    effects.push({
      commandId: event.commandId,
      events: run,
      first: run[0]?.position ?? 0,
      last: event.position
    })
    run = []
  }
  return effects
}

const commandsOf = (calls: ReadonlyMap<string, Call>, effects: ReadonlyArray<Effect>): ReadonlyArray<Command> => {
  const effectsById = Map.groupBy(effects, (effect) => effect.commandId)
  const idByCorrelation = new Map(effects.map((effect) => [effect.events[0]?.meta.correlationId, effect.commandId]))
  const commandCalls = [...calls.values()].filter((call): call is CommandCall => call.request.type === "command")
  const idOf = (call: CommandCall): string | undefined =>
    call.request.input.commandId ??
    (call.answer?.type === "accepted"
      ? call.answer.receipt.commandId
      : idByCorrelation.get(call.request.input.correlationId ?? ""))
  return [...Map.groupBy(commandCalls, (call) => idOf(call) ?? `call ${call.id}`)].map(([key, calls]) => ({
    commandId: calls.some((call) => idOf(call) !== undefined) ? key : undefined,
    calls: calls.sort((a, b) => a.invokedAt - b.invokedAt),
    effects: effectsById.get(key) ?? []
  }))
}

/** Whether the engine made this effect by itself. */
export const isOwn = (effect: Effect): boolean => effect.commandId.startsWith(ownCommandPrefix)

/** Whether two calls sent the same command: all fields but those that may differ between two sendings. */
export const sameBody = (a: CommandCall, b: CommandCall): boolean => bodyOf(a) === bodyOf(b)

const bodyOf = ({ request: { name, input } }: CommandCall): string => {
  const { commandId: _, correlationId: __, causationId: ___, ...body } = input
  return JSON.stringify([name, sorted(body)])
}

const sorted = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? Array.isArray(value)
      ? value.map(sorted)
      : value
    : Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([field, inner]) => [field, sorted(inner)])
      )

/** The call whose command an effect carries out: the one its events name, else the first that sent it. */
export const causeOf = (command: Command, effect: Effect): CommandCall | undefined => {
  const correlationId = effect.events[0]?.meta.correlationId
  return command.calls.find((call) => call.request.input.correlationId === correlationId) ?? command.calls[0]
}

/** A command as it ran: what to replay. */
export const stepOf = (call: CommandCall): { readonly name: CommandName; readonly input: unknown } => ({
  name: call.request.name,
  input: call.request.input
})

const windows = (commands: ReadonlyArray<Command>, head: number): Facts["window"] => {
  const answered: Array<readonly [at: number, position: number]> = []
  const asked: Array<readonly [at: number, position: number]> = []
  for (const { calls, effects } of commands) {
    for (const { answer, returnedAt } of calls) {
      if (answer?.type === "accepted") answered.push([returnedAt, answer.receipt.position])
      if (answer?.type === "available") answered.push([returnedAt, answer.rows[0]?.position ?? 0])
    }
    const first = effects[0]
    if (first !== undefined) asked.push([calls[0]?.invokedAt ?? 0, first.first])
  }
  answered.sort(([a], [b]) => a - b)
  asked.sort(([a], [b]) => a - b)
  const highest = answered.map(() => 0)
  for (const [index, [, position]] of answered.entries()) highest[index] = Math.max(highest[index - 1] ?? 0, position)
  const lowest = asked.map(() => head + 1)
  for (let index = asked.length - 1; index >= 0; index--) {
    lowest[index] = Math.min(lowest[index + 1] ?? head + 1, asked[index]?.[1] ?? head + 1)
  }
  return ({ invokedAt, returnedAt }) => [
    highest[firstAfter(answered, invokedAt) - 1] ?? 0,
    (lowest[firstAfter(asked, returnedAt)] ?? head + 1) - 1
  ]
}

const clocks = (records: ReadonlyArray<HistoryRecord>): Facts["clocks"] => {
  const times = records.map((record) => [record.at, record.clock] as const)
  const latest = times.map(() => 0)
  for (const [index, [, clock]] of times.entries()) latest[index] = Math.max(latest[index - 1] ?? 0, clock)
  return ({ invokedAt, returnedAt }) => {
    const end = firstAfter(times, returnedAt)
    let earliest = Number.POSITIVE_INFINITY
    for (let index = firstAfter(times, invokedAt) - 1; index < end; index++) {
      earliest = Math.min(earliest, times[index]?.[1] ?? Number.POSITIVE_INFINITY)
    }
    return [earliest, latest[end - 1] ?? 0]
  }
}

/** Index of the first pair whose time is later than `at`; pairs are in order of time. */
const firstAfter = (pairs: ReadonlyArray<readonly [number, number]>, at: number): number => {
  let low = 0
  let high = pairs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((pairs[middle]?.[0] ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}
