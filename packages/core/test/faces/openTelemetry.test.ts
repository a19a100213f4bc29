/** A host that passes its OpenTelemetry api sees Holdfast's spans and metrics there. */
import { InsufficientStock, memory, openInventory } from "@holdfast/core"
import { describe, expect, it } from "vitest"
import { keepingOpenTelemetry } from "./openTelemetry.ts"

describe("the openTelemetry option", () => {
  it("makes commands children of the host's active span, each of its own request, and batches traces of their own", async () => {
    const otel = keepingOpenTelemetry()
    const inventory = await openInventory({ journal: memory(), openTelemetry: otel.api })
    await inventory.registerSku({ id: "mug" })
    const [first, second] = await Promise.all([
      otel.withHostSpan("POST /first", () => inventory.registerSku({ id: "a" })),
      otel.withHostSpan("POST /second", async () => {
        await new Promise((resume) => setTimeout(resume, 5))
        return inventory.registerSku({ id: "b" })
      })
    ])
    await inventory.close()
    for (const { span } of [first, second]) {
      const [command, ...more] = otel.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)
      expect(more).toEqual([])
      expect(command).toMatchObject({ name: "holdfast.registerSku", traceId: span.traceId, statusCode: 0 })
      const batch = otel.spans.find(({ spanId }) => spanId === command?.links[0])
      expect(batch).toMatchObject({ name: "holdfast.batch", parentSpanId: undefined })
      expect(batch?.traceId).not.toBe(span.traceId)
      expect(batch?.links).toEqual([command?.spanId])
      const children = otel.spans.filter(({ parentSpanId }) => parentSpanId === batch?.spanId)
      expect(children.map(({ name }) => name)).toEqual(["holdfast.load", "holdfast.decide", "holdfast.commit"])
      expect(children.every(({ traceId }) => traceId === batch?.traceId)).toBe(true)
    }
    expect(otel.spans.filter(({ endTime }) => endTime === undefined)).toEqual([])
    const times = otel.spans.filter(({ name }) => name.startsWith("holdfast."))
    for (const { startTime, endTime } of times) {
      const [from = [0, 0], to = [0, 0]] = [startTime, endTime]
      expect(to[0] * 1e9 + to[1]).toBeGreaterThanOrEqual(from[0] * 1e9 + from[1])
      expect(from[0]).toBeGreaterThan(1_600_000_000)
    }
  })

  it("starts a trace for a command that nobody's span is active for", async () => {
    const otel = keepingOpenTelemetry()
    const inventory = await openInventory({ journal: memory(), openTelemetry: otel.api })
    await inventory.registerSku({ id: "mug" })
    await inventory.close()
    expect(otel.spans.find(({ name }) => name === "holdfast.registerSku")).toMatchObject({ parentSpanId: undefined })
  })

  it("marks refused commands as errors", async () => {
    const otel = keepingOpenTelemetry()
    const inventory = await openInventory({ journal: memory(), openTelemetry: otel.api })
    await inventory.registerSku({ id: "mug" })
    await expect(
      inventory.reserve({ id: "r", owner: "o", lines: [{ sku: "mug", quantity: 1 }], expiresIn: 1_000 })
    ).rejects.toBeInstanceOf(InsufficientStock)
    await inventory.close()
    expect(otel.spans.find(({ name }) => name === "holdfast.reserve")?.statusCode).toBe(2)
  })

  it("reports metrics while the inventory is open, and stops when it closes", async () => {
    const otel = keepingOpenTelemetry()
    const inventory = await openInventory({ journal: memory(), openTelemetry: otel.api })
    const accepted = () =>
      otel
        .collect()
        .find(({ name, attributes }) => name === "holdfast_commands" && attributes["outcome"] === "accepted")?.value ??
      0
    const before = accepted()
    for (const id of ["a", "b", "c"]) await inventory.registerSku({ id })
    await new Promise((resume) => setTimeout(resume, 5))
    expect(accepted() - before).toBe(3)
    expect([...otel.instruments.keys()].sort()).toEqual([
      "holdfast_batch_size_count",
      "holdfast_batch_size_sum",
      "holdfast_commands",
      "holdfast_commit_milliseconds_count",
      "holdfast_commit_milliseconds_sum",
      "holdfast_conflicts",
      "holdfast_expiries",
      "holdfast_queue_depth",
      "holdfast_refusals",
      "holdfast_storage_failures"
    ])
    await inventory.close()
    expect(otel.collect()).toEqual([])
  })
})
