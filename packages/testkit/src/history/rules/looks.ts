/**
 * Answers that stand for a state of the log: refusals and availability. Each must be true at a position that the log
 * had during the call, at an instant that the engine's clock can have shown. Expiry is exact, so the instant counts.
 */
import { isDeepStrictEqual } from "node:util"
import {
  type Availability,
  availability,
  type Command,
  decide,
  decodeCommand,
  Draft,
  evolve,
  evolveInto,
  isRefusal,
  lapse,
  reservations,
  type Scope,
  World
} from "@holdfast/core/domain"
import { Result } from "effect"
import type { Call, CommandCall, Facts } from "../Facts.ts"

/** A claim about the state of the log: where it may be true, and what it is. */
interface Look {
  readonly call: Call
  readonly lowest: number
  readonly highest: number
  /** An instant at which the answer may change, besides those at which claims expire. */
  readonly turns: ReadonlyArray<number>
  isTrue(state: Draft, position: number, now: number): boolean
  describe(): string
}

/** See the top of the file. */
export function* looks(facts: Facts): Generator<string> {
  const open = new Set<Look>()
  for (const call of facts.calls.values()) {
    const look = lookOf(facts, call)
    if (typeof look === "string") yield look
    else if (look !== undefined) open.add(look)
  }
  const starting = Map.groupBy(open, (look) => look.lowest)
  const current = new Set<Look>()
  const world = new World()
  let recordedAt = 0
  for (let position = 0; position <= facts.events.length; position++) {
    const event = facts.events[position - 1]
    if (event !== undefined) {
      world.absorb(evolve(world, event))
      recordedAt = event.recordedAt
    }
    for (const look of starting.get(position) ?? []) current.add(look)
    for (const look of current) {
      if (isTrueAt(facts, look, world, position, recordedAt)) {
        current.delete(look)
        open.delete(look)
      } else if (look.highest <= position) current.delete(look)
    }
  }
  for (const look of open) yield look.describe()
}

/** Whether a look is true at a position, at one of the instants that may make a difference. */
const isTrueAt = (facts: Facts, look: Look, world: World, position: number, recordedAt: number): boolean => {
  const [earliest, latest] = facts.clocks(look.call)
  const from = Math.max(earliest, recordedAt)
  const to = Math.max(from, latest)
  const instants = new Set([from, to])
  const add = (instant: number) => {
    if (instant >= from && instant <= to) instants.add(instant)
  }
  for (const row of world.all(reservations)) {
    if (row.status !== "active") continue
    add(row.expiresAt - 1)
    add(row.expiresAt)
  }
  for (const turn of look.turns) add(turn)
  for (const now of instants) {
    const state = new Draft(world)
    for (const id of world.due(now)) {
      for (const event of lapse(state, id, now))
        evolveInto(state, event, { position, effectiveAt: now, recordedAt: now })
    }
    if (look.isTrue(state, position, now)) return true
  }
  return false
}

const lookOf = (facts: Facts, call: Call): Look | string | undefined => {
  const { answer, request } = call
  const [lowest, highest] = facts.window(call)
  if (answer?.type === "refused") {
    return request.type === "command"
      ? refusalLook(call as CommandCall, answer.refusal, lowest, highest)
      : refusedQuestion(call, request.skus, request.scope, answer.refusal, lowest, highest)
  }
  if (answer?.type !== "available" || request.type !== "availability") return undefined
  const position = answer.rows[0]?.position ?? lowest
  if (answer.rows.some((row) => row.position !== position))
    return `the call ${call.id} got figures of several positions`
  if (position < lowest || position > highest) {
    return `the call ${call.id} got figures of position ${position}; the log stood between ${lowest} and ${highest} then`
  }
  return {
    call,
    lowest: position,
    highest: position,
    turns: [],
    isTrue: (state) =>
      isDeepStrictEqual(plain(figures(state, request.skus, request.scope, position)), plain(answer.rows)),
    describe: () =>
      `the call ${call.id} got ${JSON.stringify(answer.rows)}, which was never true at position ${position}`
  }
}

const msOf = (instant: number | string | Date): number => new Date(instant).getTime()

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const figures = (
  state: Draft,
  skus: ReadonlyArray<string>,
  scope: Scope,
  position: number
): ReadonlyArray<Availability> | string => {
  const rows: Array<Availability> = []
  for (const sku of skus) {
    const row = availability(state, sku, scope, position)
    if (isRefusal(row)) return row._tag
    rows.push(row)
  }
  return rows
}

const refusedQuestion = (
  call: Call,
  skus: ReadonlyArray<string>,
  scope: Scope,
  refusal: string,
  lowest: number,
  highest: number
): Look => ({
  call,
  lowest,
  highest,
  turns: [],
  isTrue: (state, position) => figures(state, skus, scope, position) === refusal,
  describe: () =>
    `the call ${call.id} was refused as ${refusal}, which was right at no position from ${lowest} to ${highest}`
})

const refusalLook = (call: CommandCall, refusal: string, lowest: number, highest: number): Look | undefined => {
  const { name, input } = call.request
  const decoded = decodeCommand(name, input)
  if (Result.isFailure(decoded)) return undefined
  const command: Command = decoded.success
  const { expiresAt } = command as { readonly expiresAt?: number }
  return {
    call,
    lowest,
    highest,
    turns: expiresAt === undefined ? [] : [msOf(expiresAt) - 1, msOf(expiresAt)],
    isTrue: (state, _position, now) => {
      const decided = decide(state, command, now)
      return isRefusal(decided) && decided._tag === refusal
    },
    describe: () =>
      `the call ${call.id} (${name}) was refused as ${refusal}, which was right at no position from ${lowest} to ${highest}`
  }
}
