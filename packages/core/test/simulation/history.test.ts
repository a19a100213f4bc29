/** The judge of histories accepts a true one and rejects it as soon as anything in it is forged. */
import type { Event } from "@holdfast/core/domain"
import {
  type Answer,
  checkHistory,
  formatRecords,
  type History,
  type HistoryRecord,
  parseRecords,
  type RuleName,
  rules
} from "@holdfast/testkit/history"
import { simulate } from "@holdfast/testkit/simulation"
import { describe, expect, it } from "vitest"

type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> }
type Draft = Mutable<History>
type Invoked = Extract<HistoryRecord, { record: "invoked" }>
type Returned = Extract<HistoryRecord, { record: "returned" }>

/** A run that has everything in it that is forged below. */
const original: History = (() => {
  for (let seed = 1; seed < 500; seed++) {
    const { history, findings } = simulate(seed)
    const answers = new Set(
      history.records.flatMap((record) => (record.record === "returned" ? [record.answer.type] : []))
    )
    const wanted: ReadonlyArray<Answer["type"]> = ["accepted", "refused", "unknown", "available"]
    if (findings.length === 0 && wanted.every((type) => answers.has(type)) && history.events.length > 20) return history
  }
  throw new Error("no seed gives a history with every kind of answer")
})()

/** The names of the rules that a forged copy breaks. */
const brokenBy = (forge: (history: Draft) => void): ReadonlyArray<string> => {
  const copy = structuredClone(original) as Draft
  forge(copy)
  expect(copy, "the forgery changes something").not.toEqual(original)
  return [...new Set(checkHistory(copy as History).map((finding) => finding.rule))]
}

const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("the history does not have what is to be forged")
  return value
}

const invoked = (history: Draft, call: string): Mutable<Invoked> =>
  found(
    history.records.find((record): record is Mutable<Invoked> => record.record === "invoked" && record.call === call)
  )

const returned = (
  history: Draft,
  type: Answer["type"],
  which: (record: Mutable<Returned>) => boolean = () => true
): Mutable<Returned> =>
  found(
    history.records.find(
      (record): record is Mutable<Returned> =>
        record.record === "returned" && record.answer.type === type && which(record)
    )
  )

const nameOf = (history: Draft, call: string): string => {
  const { request } = invoked(history, call)
  return request.type === "command" ? request.name : request.type
}

const later = (history: Draft): number => Math.max(...history.records.map((record) => record.at)) + 1

/** Adds a call at the end that was never answered, or answered so. */
const addCall = (
  history: Draft,
  name: "issue" | "receive",
  input: { readonly [field: string]: unknown },
  answer?: Answer
): void => {
  const call = `forged-${history.records.length}`
  const at = later(history)
  const clock = found(history.records.at(-1)).clock
  history.records.push({
    at,
    clock,
    record: "invoked",
    call,
    request: { type: "command", name, input: { correlationId: call, ...input } }
  } as never)
  if (answer !== undefined) history.records.push({ at: at + 1, clock, record: "returned", call, answer } as never)
}

/** Adds an event at the end of the log, like the last one but for what is said. */
const addEvent = (history: Draft, event: Partial<Event>): void => {
  const last = found(history.events.at(-1))
  const position = last.position + 1
  history.events.push({ ...last, position, commandPosition: position, meta: {}, ...event } as never)
}

const receivedEvents = { type: "StockReceived", version: 1 } as const
const place = (location: string) => ({ location, lot: "", condition: "good", owner: "self" })
const movement = (from: string, to: string, quantity: number) => ({
  movements: [{ sku: "bolt", quantity, from: place(from), to: place(to), unitCost: null }]
})

/** One or more forgeries for each rule. */
const forgeries: Readonly<Record<RuleName, Readonly<Record<string, (history: Draft) => void>>>> = {
  contiguity: {
    "an event is missing": (history) => history.events.splice(7, 1),
    "two events have changed places": (history) => history.events.splice(4, 2, ...history.events.slice(4, 6).reverse()),
    "time runs backwards": (history) => {
      found(history.events.at(-1)).recordedAt = 1
    },
    "an event claims to belong to a command that it stands apart from": (history) => {
      found(history.events.at(-1)).commandPosition = 2
    }
  },
  effects: {
    "an effect is doubled": (history) => {
      const { receipt } = returned(history, "accepted", (record) => nameOf(history, record.call) === "receive")
        .answer as never as {
        receipt: { position: number }
      }
      const { type, version, data, commandId, skus } = found(history.events[receipt.position - 1])
      addEvent(history, { type, version, data, commandId, skus } as never)
    },
    "an acknowledged command is not in the log": (history) => {
      addCall(
        history,
        "receive",
        { commandId: "lost" },
        {
          type: "accepted",
          receipt: { commandId: "lost", position: history.events.length, recordedAt: 1_000_000 }
        }
      )
    },
    "a refused command is in the log": (history) => {
      addCall(
        history,
        "receive",
        { commandId: "forged", sku: "bolt", to: "bin-1", quantity: 1 },
        { type: "refused", refusal: "UnknownSku" }
      )
      addEvent(history, { ...receivedEvents, commandId: "forged", data: movement("supplier", "bin-1", 1) })
    },
    "something is in the log that nobody asked for": (history) => {
      addEvent(history, { ...receivedEvents, commandId: "nobody's", data: movement("supplier", "bin-1", 1) })
    }
  },
  finality: {
    "what was refused last took effect after all": (history) => {
      const input = { commandId: "forged", sku: "bolt", to: "bin-1", quantity: 1 }
      addCall(history, "receive", { ...input, correlationId: "first" }, { type: "unknown", reason: "forged" })
      addCall(history, "receive", { ...input, correlationId: "second" }, { type: "refused", refusal: "UnknownSku" })
      addEvent(history, {
        ...receivedEvents,
        commandId: "forged",
        data: movement("supplier", "bin-1", 1),
        meta: { correlationId: "first" }
      })
    }
  },
  realTimeOrder: {
    "a command that was acknowledged first stands last": (history) => {
      const input = { commandId: "forged", sku: "bolt", to: "bin-1", quantity: 1 }
      const position = history.events.length + 1
      addEvent(history, { ...receivedEvents, commandId: "forged", data: movement("supplier", "bin-1", 1) })
      addCall(history, "receive", input, {
        type: "accepted",
        receipt: { commandId: "forged", position, recordedAt: found(history.events.at(-1)).recordedAt, quantity: 1 }
      })
      for (const [index, record] of history.records.slice(-2).entries()) record.at = index - 2
    }
  },
  balances: {
    "more was taken than was there": (history) => {
      addCall(history, "issue", { commandId: "forged", sku: "bolt", from: "bin-1", quantity: 1_000 })
      addEvent(history, {
        type: "StockIssued",
        version: 1,
        commandId: "forged",
        data: movement("bin-1", "customer", 1_000)
      })
    },
    "a movement moves less than nothing": (history) => {
      addCall(history, "receive", { commandId: "forged", sku: "bolt", to: "bin-1", quantity: 1 })
      addEvent(history, { ...receivedEvents, commandId: "forged", data: movement("supplier", "bin-1", -1) })
    }
  },
  receipts: {
    "a receipt says something else than the log": (history) => {
      const record = returned(history, "accepted", ({ call }) => nameOf(history, call) === "receive")
      if (record.answer.type === "accepted") record.answer.receipt["quantity"] = 77
    },
    "an id was called reused that was not": (history) => {
      const record = returned(history, "accepted")
      const { input } = invoked(history, record.call).request as { input: { commandId: string } }
      addCall(history, "receive", { commandId: input.commandId }, { type: "reused", position: 1_000 })
    }
  },
  replay: {
    "the log has a command that the model refuses": (history) => {
      const record = returned(history, "accepted", ({ call }) => nameOf(history, call) === "receive")
      const request = invoked(history, record.call).request as { input: { [field: string]: unknown } }
      request.input["to"] = "nowhere"
    }
  },
  looks: {
    "a figure is one too high": (history) => {
      const record = returned(history, "available")
      if (record.answer.type === "available") found(record.answer.rows[0]).available += 1
    },
    "figures are older than what was acknowledged before": (history) => {
      const record = found(
        history.records.findLast(
          (other): other is Mutable<Returned> => other.record === "returned" && other.answer.type === "available"
        )
      )
      if (record.answer.type === "available") for (const row of record.answer.rows) row.position = 1
    },
    "a refusal was never right": (history) => {
      const record = returned(history, "refused")
      if (record.answer.type === "refused") record.answer.refusal = "SkuCodeTaken"
    }
  },
  prefixes: {
    "a subscriber missed an event": (history) => {
      history.records.splice(
        history.records.findIndex((record) => record.record === "delivered"),
        1
      )
    },
    "a subscriber got an event twice": (history) => {
      history.records.push({
        ...found(history.records.findLast((record) => record.record === "delivered")),
        at: later(history)
      } as never)
    },
    "a subscriber got another event than the log has": (history) => {
      const record = found(history.records.find((record) => record.record === "delivered"))
      if (record.record === "delivered") record.event.commandId = "another"
    }
  },
  verified: {
    "verify is not ok": (history) => {
      history.verification = { ok: false, differences: [], violations: [] }
    }
  },
  surprises: {
    "a caller got a defect": (history) => {
      returned(history, "refused").answer = { type: "defect", message: "TypeError" }
    },
    "a call returned twice": (history) => {
      history.records.push({ ...returned(history, "refused"), at: later(history) } as never)
    }
  }
}

describe("the judge of histories", () => {
  it("finds nothing in a true one, which has answers of every kind in it", () => {
    expect(checkHistory(original)).toEqual([])
  })

  for (const [rule, cases] of Object.entries(forgeries)) {
    for (const [what, forge] of Object.entries(cases)) {
      it(`${rule}: notices that ${what}`, () => {
        expect(brokenBy(forge)).toContain(rule)
      })
    }
  }

  it("has a forgery for every rule", () => {
    expect(Object.keys(forgeries).sort()).toEqual(Object.keys(rules).sort())
  })

  it("judges the same when the records came as lines of JSON, whose last one was cut off", () => {
    const lines = formatRecords(original.records)
    expect(parseRecords(lines)).toEqual(original.records)
    const cutOff = parseRecords(`${lines}{"at":17,"clo`)
    expect(checkHistory({ ...original, records: cutOff })).toEqual([])
  })

  it("does not care in which order the processes' records are put together, because they carry their time", () => {
    expect(checkHistory({ ...original, records: [...original.records].reverse() })).toEqual([])
  })

  it("takes a call without an answer for one that may have been done or not", () => {
    const call = returned(structuredClone(original) as Draft, "accepted").call
    const records = original.records.filter((record) => !(record.record === "returned" && record.call === call))
    expect(checkHistory({ ...original, records })).toEqual([])
  })
})
