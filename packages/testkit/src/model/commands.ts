/**
 * Generators of command lists over a world so small that commands keep running into each other. Most are sensible,
 * some are nonsense; all have the right shape, so that what refuses them is a rule and not a type.
 */
import type { CommandInput, CommandName } from "@holdfast/core/domain"
import fc from "fast-check"
import type { Step, StepOf } from "./Step.ts"

/** The ids a list draws from. */
export const smallWorld = {
  /** `bolt` refuses what stock does not cover, `nut` backorders it. */
  skus: ["bolt", "nut"],
  bins: ["bin-1", "bin-2", "bin-3", "shelves", "north"],
  scopes: ["world", "country", "north", "south", "shelves", "bin-1", "bin-2", "bin-3"],
  /** Places that exist but carry nothing to sell, or do not exist. */
  oddPlaces: ["truck", "factory", "supplier", "customer", "world", "nowhere", "annex"],
  reservations: ["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"],
  holds: ["h1", "h2", "h3", "h4"]
} as const

/** When every list begins, epoch milliseconds. */
export const startMs = 1_000_000

const step = <N extends CommandName>(name: N, input: CommandInput<N>, now = startMs): StepOf<N> => ({
  name,
  input,
  now
})

/** Registers the SKUs and the tree of places, and receives a little stock: world > country > north > shelves > bins. */
export const openingSteps: ReadonlyArray<Step> = [
  step("registerSku", { id: "bolt" }),
  step("registerSku", { id: "nut", shortage: "backorder" }),
  step("registerLocation", { id: "country", kind: "site" }),
  step("registerLocation", { id: "north", kind: "site", parent: "country" }),
  step("registerLocation", { id: "shelves", kind: "zone", parent: "north" }),
  step("registerLocation", { id: "bin-1", kind: "bin", parent: "shelves" }),
  step("registerLocation", { id: "bin-2", kind: "bin", parent: "shelves" }),
  step("registerLocation", { id: "south", kind: "site", parent: "country" }),
  step("registerLocation", { id: "bin-3", kind: "bin", parent: "south" }),
  step("registerLocation", { id: "truck", kind: "transit" }),
  step("registerLocation", { id: "factory", kind: "virtual" }),
  step("receive", { sku: "bolt", to: "bin-1", quantity: 7 }),
  step("receive", { sku: "bolt", to: "bin-3", quantity: 5 }),
  step("receive", { sku: "nut", to: "bin-2", quantity: 6 })
]

/** How often each command is drawn, relative to the others. */
export type Weights = { readonly [N in CommandName]: number }

export const defaultWeights: Weights = {
  registerSku: 1,
  changeSkuCode: 1,
  retireSku: 1,
  registerLocation: 1,
  reparentLocation: 3,
  closeLocation: 1,
  receive: 8,
  move: 8,
  issue: 5,
  return: 4,
  adjust: 6,
  count: 3,
  placeHold: 5,
  liftHold: 4,
  reserve: 16,
  extend: 3,
  release: 7,
  confirm: 9,
  ship: 7
}

export interface StepsOptions {
  readonly weights?: Partial<Weights>
  /** Most commands, or short stories of several, after the opening. Default: 40. */
  readonly maxLength?: number
  /** Fewest of them. Default: 1. */
  readonly minLength?: number
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined }

/** A record whose undefined fields are left out, as optional fields of commands have to be. */
const recordOf = <T>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K] | undefined> }): fc.Arbitrary<T> =>
  fc
    .record(fields as { [K in keyof T]: fc.Arbitrary<T[K]> })
    .map(
      (record) =>
        Object.fromEntries(
          Object.entries(record as Loose<T>).filter(([, value]) => value !== undefined)
        ) as unknown as T
    )

const rarely = <T>(arbitrary: fc.Arbitrary<T>, oneIn = 8): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const usually = <T>(common: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 20): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: common }, { weight: 1, arbitrary: odd })

const from = (...ids: ReadonlyArray<string>): fc.Arbitrary<string> => fc.constantFrom(...ids)

const sku = usually(from(...smallWorld.skus), from("ghost", "spare"))
const place = usually(from(...smallWorld.bins), from(...smallWorld.oddPlaces, "south", "country"), 8)
const scope = usually(from(...smallWorld.scopes), from(...smallWorld.oddPlaces))
const quantity = usually(fc.integer({ min: 1, max: 6 }), fc.constantFrom(40, 1_000_000, Number.MAX_SAFE_INTEGER), 60)
const reservation = usually(from(...smallWorld.reservations), from("r-ghost"))
const hold = usually(from(...smallWorld.holds), from("h-ghost"))
const condition = rarely(from("good", "damaged"))
const owner = rarely(from("self", "vendor"), 14)
const virtual = rarely(from("factory", "supplier", "bin-1", "nowhere"))
/** Milliseconds, so short that lists meet the instant itself. */
const duration = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 30, max: 60 }), fc.constant(100_000_000))
const instant = fc.integer({ min: startMs - 2, max: startMs + 90 })
const lineNumber = usually(fc.integer({ min: 1, max: 2 }), fc.constant(9))

const expiry = fc.oneof(
  { weight: 8, arbitrary: fc.record({ expiresIn: duration }) },
  { weight: 1, arbitrary: fc.record({ expiresAt: instant }) }
)

const parts = rarely(
  fc.array(recordOf<{ line: number; quantity?: number }>({ line: lineNumber, quantity: rarely(quantity, 3) }), {
    minLength: 1,
    maxLength: 3
  }),
  4
)

const line = fc
  .tuple(sku, quantity, scope, fc.integer({ min: 1, max: 4 }))
  .map(([sku, quantity, scope, how]) =>
    how === 1
      ? { sku, quantity }
      : how === 2 && scope !== "world"
        ? { sku, quantity, exactly: scope }
        : { sku, quantity, within: scope }
  )

/** The generators of each command's input. */
export const commandInputs: { readonly [N in CommandName]: fc.Arbitrary<CommandInput<N>> } = {
  registerSku: recordOf<CommandInput<"registerSku">>({
    id: from("bolt", "spare", "nut-2"),
    code: rarely(from("bolt", "nut", "code-1", "code-2"), 3),
    shortage: fc.constantFrom("refuse" as const, "backorder" as const, undefined)
  }),
  changeSkuCode: fc.record({ id: sku, code: from("bolt", "nut", "code-1", "code-2") }),
  retireSku: fc.record({ id: sku }),
  registerLocation: recordOf<CommandInput<"registerLocation">>({
    id: from("annex", "bin-1", "bin-4", "world", "supplier"),
    kind: fc.constantFrom("site" as const, "zone" as const, "bin" as const, "transit" as const, "virtual" as const),
    parent: fc.option(scope, { nil: undefined })
  }),
  reparentLocation: fc.record({
    id: usually(from("bin-1", "bin-2", "bin-3", "shelves", "north", "south"), from(...smallWorld.oddPlaces), 12),
    parent: usually(from("country", "north", "south", "shelves", "world"), from("bin-2", ...smallWorld.oddPlaces), 12)
  }),
  closeLocation: fc.record({
    id: usually(from("bin-1", "annex", "bin-4", "truck"), from("north", "supplier", "world", "ghost"), 4)
  }),
  receive: recordOf<CommandInput<"receive">>({ sku, to: place, quantity, from: virtual, condition, owner }),
  move: recordOf<CommandInput<"move">>({
    sku,
    from: place,
    to: place,
    quantity,
    condition,
    owner,
    toCondition: condition,
    toOwner: owner
  }),
  issue: recordOf<CommandInput<"issue">>({ sku, from: place, quantity, to: virtual, condition, owner }),
  return: recordOf<CommandInput<"return">>({
    sku,
    to: place,
    quantity,
    from: virtual,
    condition,
    owner,
    reservation: rarely(fc.record({ id: reservation, line: lineNumber }), 2)
  }),
  adjust: recordOf<CommandInput<"adjust">>({
    sku,
    at: place,
    direction: fc.constantFrom("increase" as const, "decrease" as const, "decrease" as const),
    quantity,
    reasonCode: from("cycle-count"),
    condition,
    owner
  }),
  count: recordOf<CommandInput<"count">>({
    sku,
    at: place,
    quantity: fc.integer({ min: 0, max: 9 }),
    condition,
    owner
  }),
  placeHold: recordOf<CommandInput<"placeHold">>({ id: hold, sku, at: place, quantity, condition, owner }),
  liftHold: recordOf<CommandInput<"liftHold">>({ id: hold, quantity: rarely(quantity, 2) }),
  reserve: fc
    .tuple(
      reservation,
      fc.array(line, { minLength: 1, maxLength: 3 }),
      expiry,
      rarely(fc.integer({ min: 1, max: 40 }), 2)
    )
    .map(([id, lines, expiry, extendableFor]) => ({
      id,
      owner: "cart",
      lines,
      ...expiry,
      ...(extendableFor === undefined ? {} : { extendableFor })
    })),
  extend: fc.tuple(reservation, expiry).map(([reservation, expiry]) => ({ reservation, ...expiry })),
  release: recordOf<CommandInput<"release">>({ reservation, lines: parts }),
  confirm: fc.record({ reservation }),
  ship: recordOf<CommandInput<"ship">>({ reservation, lines: parts })
}

type Timeless = { readonly [N in CommandName]: Omit<StepOf<N>, "now"> }[CommandName]

/** One command of any kind, without its time. */
const anyCommand = (weights: Partial<Weights>): fc.Arbitrary<Timeless> =>
  fc.oneof(
    ...(Object.keys(commandInputs) as Array<CommandName>).map((name) => ({
      weight: weights[name] ?? defaultWeights[name],
      arbitrary: (commandInputs[name] as fc.Arbitrary<unknown>).map((input) => ({ name, input }) as Timeless)
    }))
  )

/**
 * The life of a reservation or a hold, with other commands in between, counts of what it claims among them. Drawn one
 * by one, commands would rarely meet its id or leave it short.
 */
const story = (weights: Partial<Weights>): fc.Arbitrary<ReadonlyArray<Timeless>> => {
  const anything = anyCommand(weights)
  const about = (id: string, sku: string): fc.Arbitrary<Timeless> =>
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.tuple(from(...smallWorld.bins), fc.integer({ min: 0, max: 4 })).map(
          ([at, quantity]): Timeless => ({
            name: "count",
            input: { sku, at, quantity }
          })
        )
      },
      { weight: 5, arbitrary: fc.constant<Timeless>({ name: "confirm", input: { reservation: id } }) },
      {
        weight: 5,
        arbitrary: commandInputs.ship.map((input): Timeless => ({ name: "ship", input: { ...input, reservation: id } }))
      },
      {
        weight: 2,
        arbitrary: commandInputs.release.map(
          (input): Timeless => ({
            name: "release",
            input: { ...input, reservation: id }
          })
        )
      },
      {
        weight: 1,
        arbitrary: commandInputs.extend.map(
          (input): Timeless => ({ name: "extend", input: { ...input, reservation: id } })
        )
      },
      {
        weight: 2,
        arbitrary: fc.tuple(commandInputs.return, lineNumber).map(
          ([input, line]): Timeless => ({
            name: "return",
            input: { ...input, reservation: { id, line } }
          })
        )
      },
      { weight: 5, arbitrary: anything }
    )
  return fc.oneof(
    {
      weight: 5,
      arbitrary: commandInputs.reserve.chain((input) =>
        fc
          .array(about(input.id, input.lines[0]?.sku ?? ""), { minLength: 1, maxLength: 6 })
          .map((rest): ReadonlyArray<Timeless> => [{ name: "reserve", input }, ...rest])
      )
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(commandInputs.placeHold, anything, commandInputs.liftHold)
        .map(
          ([placed, between, lifted]): ReadonlyArray<Timeless> => [
            { name: "placeHold", input: placed },
            between,
            { name: "liftHold", input: { ...lifted, id: placed.id } }
          ]
        )
    }
  )
}

/** Lists of commands after {@link openingSteps}; time stands still or moves on by a few milliseconds between them. */
export const stepLists = (options: StepsOptions = {}): fc.Arbitrary<ReadonlyArray<Step>> => {
  const weights = options.weights ?? {}
  const chunk = fc.oneof(
    { weight: 3, arbitrary: anyCommand(weights).map((command): ReadonlyArray<Timeless> => [command]) },
    { weight: 1, arbitrary: story(weights) }
  )
  const elapsed = fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) }
  )
  return fc
    .array(fc.tuple(elapsed, chunk), {
      minLength: options.minLength ?? 1,
      maxLength: options.maxLength ?? 40,
      size: "max"
    })
    .map((chunks) => {
      let now = startMs
      const steps: Array<Step> = [...openingSteps]
      for (const [elapsed, commands] of chunks) {
        now += elapsed
        for (const command of commands) steps.push({ ...command, now } as Step)
      }
      return steps
    })
}
