/**
 * A caller: sends commands and questions to any process, repeats what it got no answer to, changes its mind, and tells
 * the recorder what it saw.
 */
import type { Scope } from "@holdfast/core/domain"
import type { CommandFailure } from "@holdfast/core/engine"
import { Cause, Clock, Effect, Exit, Option } from "effect"
import type { Answer, Receipt, Request } from "../history/History.ts"
import type { Step } from "../model/Step.ts"
import { smallWorld } from "../model/commands.ts"
import type { Cluster, Process } from "./Cluster.ts"
import type { Random } from "../faults/Random.ts"
import type { Recorder } from "./Recorder.ts"

/** How a caller behaves; probabilities from 0 to 1. */
const habits = {
  /** Leaves the command id to the engine, and then cannot repeat the command. */
  anonymous: 0.12,
  /** Repeats a command it got no answer to. */
  repeat: 0.85,
  /** Sends a command twice at once. */
  twice: 0.08,
  /** Sends an older command again, though it was answered. */
  again: 0.06,
  /** Uses the id of an older command for another one. */
  reuse: 0.03,
  /** Asks a question before a command. */
  ask: 0.25,
  /** Waits before a command. */
  wait: 0.4,
  /** Reserves until an instant that may have passed when an answer is lost and the command repeated. */
  deadline: 0.4
} as const

/** Most repetitions of one command, and longest pause between two; milliseconds. */
const repeatsMax = 5
const pauseMsMax = 10

/** Longest time until such an instant; milliseconds. */
const deadlineMsMax = 40

/** A command with the id that all of its sendings share. */
interface Sending {
  readonly name: Step["name"]
  readonly input: Step["input"]
  readonly commandId: string | undefined
}

/** See the top of the file. */
export class Client {
  readonly #name: string
  readonly #cluster: Cluster
  readonly #recorder: Recorder
  readonly #random: Random
  readonly #sent: Array<Sending> = []
  #commands = 0

  constructor(name: string, cluster: Cluster, recorder: Recorder, random: Random) {
    this.#name = name
    this.#cluster = cluster
    this.#recorder = recorder
    this.#random = random
  }

  /** Sends commands with all of the habits above, some of them at once. */
  readonly run = (steps: ReadonlyArray<Step>, atOnceMax: number): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      for (let next = 0; next < steps.length; ) {
        const atOnce = steps.slice(next, next + this.#random.int(1, atOnceMax))
        yield* Effect.forEach(atOnce, (step) => this.#handle(step), { concurrency: "unbounded", discard: true })
        next += atOnce.length
      }
    })

  #handle(step: Step): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const random = this.#random
      if (random.chance(habits.wait)) yield* Effect.sleep(random.int(1, pauseMsMax))
      if (random.chance(habits.ask)) yield* this.#ask()
      const commandId = random.chance(habits.anonymous) ? undefined : this.#nextId()
      const sending: Sending = { name: step.name, input: yield* this.#inputOf(step), commandId }
      const older = this.#sent.length > 0 ? random.pick(this.#sent) : undefined
      if (older !== undefined && random.chance(habits.again)) yield* this.#send(older)
      if (older !== undefined && random.chance(habits.reuse))
        yield* this.#send({ ...sending, commandId: older.commandId })
      const twice = sending.commandId !== undefined && random.chance(habits.twice)
      yield* Effect.all(twice ? [this.#insist(sending), this.#insist(sending)] : [this.#insist(sending)], {
        concurrency: "unbounded",
        discard: true
      })
      if (sending.commandId !== undefined) this.#sent.push(sending)
    })
  }

  /** Sends commands one after the other, each until it is answered. */
  readonly runCarefully = (steps: ReadonlyArray<Step>): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      for (const step of steps) {
        const sending: Sending = { ...step, commandId: this.#nextId() }
        while ((yield* this.#send(sending)).type === "unknown") yield* Effect.yieldNow
      }
    })

  /** The input of a step; some reservations get a deadline. */
  #inputOf(step: Step): Effect.Effect<Step["input"]> {
    if (step.name !== "reserve" || !this.#random.chance(habits.deadline)) return Effect.succeed(step.input)
    const { expiresIn: _, ...rest } = step.input
    return Effect.map(Clock.currentTimeMillis, (now) => ({
      ...rest,
      expiresAt: now + this.#random.int(1, deadlineMsMax)
    }))
  }

  /** Sends a command, and sends it again while the answer is unknown, the patience lasts, and it has an id. */
  #insist(sending: Sending): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (let repeats = 0; repeats <= repeatsMax; repeats++) {
        const answer = yield* this.#send(sending)
        if (answer.type !== "unknown" && answer.type !== "notApplied") return
        if (sending.commandId === undefined || !this.#random.chance(habits.repeat)) return
        yield* Effect.sleep(this.#random.int(1, pauseMsMax))
      }
    })
  }

  #send({ name, input, commandId }: Sending): Effect.Effect<Answer> {
    const call = this.#recorder.nextCall()
    const sent = { ...input, ...(commandId === undefined ? {} : { commandId }), correlationId: call }
    return this.#call(call, { type: "command", name, input: sent }, ({ engine }) =>
      Effect.map(
        engine.submit(name, sent as never),
        (receipt): Answer => ({ type: "accepted", receipt: receipt as unknown as Receipt })
      )
    )
  }

  #ask(): Effect.Effect<Answer> {
    const random = this.#random
    const place = random.pick(smallWorld.scopes)
    const scope: Scope = place === "world" ? {} : random.chance(0.5) ? { within: place } : { exactly: place }
    const skus = random.chance(0.5) ? smallWorld.skus : [random.pick(smallWorld.skus)]
    return this.#call(this.#recorder.nextCall(), { type: "availability", skus, scope }, ({ engine }) =>
      Effect.map(engine.availability(skus, scope), (rows): Answer => ({ type: "available", rows }))
    )
  }

  #call(
    call: string,
    request: Request,
    ask: (process: Process) => Effect.Effect<Answer, CommandFailure>
  ): Effect.Effect<Answer> {
    return Effect.gen({ self: this }, function* () {
      const process = this.#cluster.any(this.#random)
      this.#recorder.invoked(call, process.name, request)
      const exit = yield* Effect.exit(process.life.orDeath(ask(process)))
      const answer = answerOf(exit, request.type)
      this.#recorder.returned(call, answer)
      return answer
    })
  }

  #nextId(): string {
    this.#commands += 1
    return `${this.#name}-${this.#commands}`
  }
}

const answerOf = (exit: Exit.Exit<Answer | undefined, CommandFailure>, request: Request["type"]): Answer => {
  const died: Answer =
    request === "command"
      ? { type: "unknown", reason: "the process died" }
      : { type: "unanswered", reason: "the process died" }
  if (Exit.isSuccess(exit)) return exit.value ?? died
  const failure = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (failure === undefined) return { type: "defect", message: describeDefect(Cause.squash(exit.cause)) }
  switch (failure._tag) {
    case "StorageUnavailable":
      return request === "availability"
        ? { type: "unanswered", reason: failure.reason }
        : { type: failure.outcome === "unknown" ? "unknown" : "notApplied", reason: failure.reason }
    case "CommandIdReused":
      return { type: "reused", position: failure.position }
    case "Overloaded":
    case "InventoryClosed":
    case "InvalidCommand":
      return { type: "notApplied", reason: failure._tag }
    default:
      return { type: "refused", refusal: failure._tag }
  }
}

const describeDefect = (defect: unknown): string =>
  defect instanceof Error ? (defect.stack ?? String(defect)) : String(defect)
