/** Law 6: an action and its inverse restore an equal state. */
import type { CommandInput, CommandName } from "@holdfast/core/domain"
import { DomainRun, seeded, stepLists } from "@holdfast/testkit/model"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { balances, countedBalances, smallInventory } from "./support.ts"

interface Move {
  readonly name: CommandName
  readonly input: unknown
}

const move = <N extends CommandName>(name: N, input: CommandInput<N>): Move => ({ name, input })

const reserve = (lines: CommandInput<"reserve">["lines"]): Move =>
  move("reserve", { id: "pair", owner: "cart", lines, expiresIn: 60_000 })

/** Each action with the command that takes it back. `places` are compared with or without what the outside holds. */
const pairs: ReadonlyArray<{
  readonly name: string
  /** Brings about what the pair starts from; the pair is left out where that is refused. */
  readonly given?: Move
  readonly there: ReadonlyArray<Move>
  readonly back: ReadonlyArray<Move>
  readonly outside: "restored" | "shifted"
}> = [
  {
    name: "reserve and release",
    there: [
      reserve([
        { sku: "bolt", quantity: 2 },
        { sku: "bolt", quantity: 1, within: "north" }
      ])
    ],
    back: [move("release", { reservation: "pair" })],
    outside: "restored"
  },
  {
    name: "reserve exactly, and release line by line",
    there: [
      reserve([
        { sku: "bolt", quantity: 2, exactly: "bin-1" },
        { sku: "bolt", quantity: 1 }
      ])
    ],
    back: [
      move("release", { reservation: "pair", lines: [{ line: 1, quantity: 1 }] }),
      move("release", { reservation: "pair", lines: [{ line: 2 }, { line: 1, quantity: 1 }] })
    ],
    outside: "restored"
  },
  {
    name: "reserve, confirm and release",
    there: [reserve([{ sku: "bolt", quantity: 3 }]), move("confirm", { reservation: "pair" })],
    back: [move("release", { reservation: "pair" })],
    outside: "restored"
  },
  {
    name: "receive and issue to the supplier",
    there: [move("receive", { sku: "bolt", to: "bin-3", quantity: 4 })],
    back: [move("issue", { sku: "bolt", from: "bin-3", quantity: 4, to: "supplier" })],
    outside: "restored"
  },
  {
    name: "issue and return",
    there: [move("issue", { sku: "bolt", from: "bin-1", quantity: 2 })],
    back: [move("return", { sku: "bolt", to: "bin-1", quantity: 2 })],
    outside: "restored"
  },
  {
    name: "hold and lift",
    there: [move("placeHold", { id: "pair", sku: "bolt", at: "bin-1", quantity: 2 })],
    back: [move("liftHold", { id: "pair", quantity: 1 }), move("liftHold", { id: "pair" })],
    outside: "restored"
  },
  {
    name: "move and move back",
    there: [move("move", { sku: "bolt", from: "bin-1", to: "bin-3", quantity: 2 })],
    back: [move("move", { sku: "bolt", from: "bin-3", to: "bin-1", quantity: 2 })],
    outside: "restored"
  },
  {
    name: "damage and repair",
    there: [move("move", { sku: "bolt", from: "bin-1", to: "bin-1", quantity: 1, toCondition: "damaged" })],
    back: [
      move("move", { sku: "bolt", from: "bin-1", to: "bin-1", quantity: 1, condition: "damaged", toCondition: "good" })
    ],
    outside: "restored"
  },
  {
    name: "adjust up and down",
    there: [move("adjust", { sku: "bolt", at: "bin-1", direction: "increase", quantity: 3, reasonCode: "found" })],
    back: [move("adjust", { sku: "bolt", at: "bin-1", direction: "decrease", quantity: 3, reasonCode: "lost" })],
    outside: "restored"
  },
  {
    name: "adjust down and up",
    there: [move("adjust", { sku: "bolt", at: "bin-1", direction: "decrease", quantity: 1, reasonCode: "lost" })],
    back: [move("adjust", { sku: "bolt", at: "bin-1", direction: "increase", quantity: 1, reasonCode: "found" })],
    outside: "restored"
  },
  {
    name: "reparent there and back",
    given: move("reparentLocation", { id: "shelves", parent: "north" }),
    there: [move("reparentLocation", { id: "shelves", parent: "south" })],
    back: [move("reparentLocation", { id: "shelves", parent: "north" })],
    outside: "restored"
  },
  {
    name: "ship and return",
    there: [
      reserve([{ sku: "bolt", quantity: 2, exactly: "bin-1" }]),
      move("confirm", { reservation: "pair" }),
      move("ship", { reservation: "pair" })
    ],
    back: [move("return", { sku: "bolt", to: "bin-1", quantity: 2, reservation: { id: "pair", line: 1 } })],
    outside: "restored"
  },
  {
    name: "receive and count back",
    there: [move("receive", { sku: "spool", to: "bin-1", quantity: 4 })],
    back: [move("count", { sku: "spool", at: "bin-1", quantity: 0 })],
    outside: "shifted"
  }
]

describe("law 6: action and inverse", () => {
  for (const pair of pairs) {
    it(`${pair.name} restores the state, from whatever state it starts`, () => {
      let undone = 0
      fc.assert(
        fc.property(stepLists({ maxLength: 8 }), (steps) => {
          const run = new DomainRun()
          for (const step of steps) run.run(step)
          // Time stands still from here, and nothing is due: only the pair acts.
          const now = steps.at(-1)?.now ?? 0
          run.run({ name: "registerSku", input: { id: "spool" }, now })
          run.run({ name: "receive", input: { sku: "bolt", to: "bin-1", quantity: 9 }, now })
          const read = pair.outside === "restored" ? balances : countedBalances
          const act = ({ name, input }: Move) =>
            run.run({ name, input, now } as Parameters<DomainRun["run"]>[0]).refusal
          if (pair.given !== undefined && act(pair.given) !== undefined) return
          const before = read(run.world)
          if (pair.there.map(act).some((refusal) => refusal !== undefined)) return
          for (const inverse of pair.back) if (act(inverse) !== undefined) return
          expect(read(run.world)).toEqual(before)
          undone += 1
        }),
        seeded(40)
      )
      expect(undone, "the pair was hardly ever possible").toBeGreaterThan(3)
    })
  }

  it("k cycles of claiming and giving back leave nothing reserved", () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 5 })
    const before = balances(inventory.run.world)
    for (let k = 0; k < 50; k++) {
      inventory.do("reserve", { id: `r${k}`, owner: "cart", lines: [{ sku: "bolt", quantity: 5 }], expiresIn: 10 })
      if (k % 3 === 1) inventory.do("confirm", { reservation: `r${k}` })
      if (k % 3 === 2) inventory.now += 10
      else inventory.do("release", { reservation: `r${k}` })
    }
    inventory.run.lapse(inventory.now)
    expect(balances(inventory.run.world)).toEqual(before)
  })
})

describe("every way a reservation ends", () => {
  const claimed = () => {
    const inventory = smallInventory()
    inventory.do("receive", { sku: "bolt", to: "bin-1", quantity: 10 })
    inventory.do("reserve", { id: "r", owner: "cart", lines: [{ sku: "bolt", quantity: 6 }], expiresIn: 100 })
    return inventory
  }

  it("release frees its whole quantity, once: the second is told that it is released already", () => {
    const inventory = claimed()
    inventory.do("release", { reservation: "r" })
    expect(inventory.try("release", { reservation: "r" })?._tag).toBe("ReservationAlreadyReleased")
    expect(inventory.availability("bolt")).toMatchObject({ available: 10, reserved: 0 })
  })

  it("expiry frees its whole quantity, once", () => {
    const inventory = claimed()
    inventory.now += 100
    expect(inventory.try("release", { reservation: "r" })?._tag).toBe("ReservationExpired")
    expect(inventory.availability("bolt")).toMatchObject({ available: 10, reserved: 0 })
  })

  it("shipping a part and releasing the rest frees the rest alone, and ends it as shipped", () => {
    const inventory = claimed()
    inventory.do("confirm", { reservation: "r" })
    inventory.do("ship", { reservation: "r", lines: [{ line: 1, quantity: 4 }] })
    inventory.do("release", { reservation: "r" })
    expect(inventory.availability("bolt")).toMatchObject({ onHand: 6, available: 6, allocated: 0 })
    expect(inventory.try("ship", { reservation: "r" })?._tag).toBe("ReservationAlreadyShipped")
  })

  it("returning more than a line shipped is refused", () => {
    const inventory = claimed()
    inventory.do("confirm", { reservation: "r" })
    inventory.do("ship", { reservation: "r" })
    inventory.do("return", { sku: "bolt", to: "bin-1", quantity: 4, reservation: { id: "r", line: 1 } })
    expect(
      inventory.try("return", { sku: "bolt", to: "bin-1", quantity: 3, reservation: { id: "r", line: 1 } })
    ).toMatchObject({ _tag: "LineExceeded", action: "return", requested: 3, remaining: 2 })
  })
})
