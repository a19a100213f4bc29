/**
 * Shows Holdfast's spans and metrics in a host's own OpenTelemetry. The host passes its `@opentelemetry/api` module, so
 * this package needs no dependency on it and always reports to the SDK that the host has set up.
 *
 * A host that uses Effect needs none of this: it provides a tracer and a metric exporter of its own.
 */
import { Context, Exit, Metric, Option, Tracer } from "effect"

/** The part of `@opentelemetry/api` that is used. Times are `[seconds, nanoseconds]`. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): OtelTracer
    setSpan(context: object, span: OtelSpan): object
    getSpan(context: object): OtelSpan | undefined
  }
  readonly context: { active(): object }
  readonly metrics: { getMeter(name: string): OtelMeter }
}

interface OtelTracer {
  startSpan(name: string, options?: object, context?: object): OtelSpan
}

interface OtelSpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

interface OtelSpan {
  spanContext(): OtelSpanContext
  setAttribute(key: string, value: string | number | boolean): unknown
  addEvent(name: string, attributes?: Record<string, string | number | boolean>, time?: [number, number]): unknown
  addLink?(link: { context: OtelSpanContext; attributes?: Record<string, string | number | boolean> }): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(time?: [number, number]): void
}

interface OtelObservable {
  addCallback(callback: (result: { observe(value: number, attributes?: Record<string, string>): void }) => void): void
  removeCallback(
    callback: (result: { observe(value: number, attributes?: Record<string, string>): void }) => void
  ): void
}

interface OtelMeter {
  createObservableCounter(name: string, options?: { description?: string }): OtelObservable
  createObservableGauge(name: string, options?: { description?: string }): OtelObservable
}

const scopeName = "holdfast"

/** `SpanStatusCode.ERROR` of the OpenTelemetry specification. */
const statusError = 2

const toTime = (nanos: bigint): [number, number] => [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]

const toValue = (value: unknown): string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : String(value)

const toAttributes = (attributes: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, toValue(value)]))

/** A span of Effect's that reports to a span of OpenTelemetry's. */
class BridgedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly name: string
  readonly spanId: string
  readonly traceId: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly kind: Tracer.SpanKind
  readonly sampled: boolean
  readonly attributes = new Map<string, unknown>()
  readonly links: Array<Tracer.SpanLink>
  readonly otel: OtelSpan
  status: Tracer.SpanStatus

  constructor(options: Parameters<Tracer.Tracer["span"]>[0], otel: OtelSpan) {
    const { traceId, spanId, traceFlags } = otel.spanContext()
    this.name = options.name
    this.spanId = spanId
    this.traceId = traceId
    this.parent = options.parent
    this.annotations = options.annotations
    this.kind = options.kind
    this.sampled = (traceFlags & 1) === 1
    this.links = [...options.links]
    this.otel = otel
    this.status = { _tag: "Started", startTime: options.startTime }
  }

  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
    this.otel.setAttribute(key, toValue(value))
  }

  event(name: string, startTime: bigint, attributes: Record<string, unknown> = {}): void {
    this.otel.addEvent(name, toAttributes(attributes), toTime(startTime))
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    for (const link of links) {
      this.links.push(link)
      this.otel.addLink?.({ context: contextOf(link.span), attributes: toAttributes(link.attributes) })
    }
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
    if (Exit.isFailure(exit)) this.otel.setStatus({ code: statusError, message: String(exit.cause) })
    this.otel.end(toTime(endTime))
  }
}

const contextOf = (span: Tracer.AnySpan): OtelSpanContext => ({
  traceId: span.traceId,
  spanId: span.spanId,
  traceFlags: span.sampled ? 1 : 0
})

/** A tracer that reports to the host, and the host's active span as the parent of what is run. */
export const openTelemetryTracer = (api: OpenTelemetryApi) => {
  const otel = api.trace.getTracer(scopeName)
  const tracer = Tracer.make({
    span(options) {
      const parent = Option.getOrUndefined(options.parent)
      const active = api.context.active()
      const context = parent instanceof BridgedSpan ? api.trace.setSpan(active, parent.otel) : active
      const started = otel.startSpan(
        options.name,
        {
          root: parent === undefined,
          startTime: toTime(options.startTime),
          links: options.links.map((link) => ({
            context: contextOf(link.span),
            attributes: toAttributes(link.attributes)
          }))
        },
        context
      )
      return new BridgedSpan(options, started)
    }
  })
  const withCurrentParent = (context: Context.Context<never>): Context.Context<never> => {
    const current = api.trace.getSpan(api.context.active())
    if (current === undefined) return context
    const { traceId, spanId, traceFlags } = current.spanContext()
    const parent = new BridgedSpan(
      {
        name: "host",
        parent: Option.none(),
        annotations: Context.empty(),
        links: [],
        startTime: 0n,
        kind: "internal",
        root: false,
        sampled: (traceFlags & 1) === 1
      },
      { ...noSpan, spanContext: () => ({ traceId, spanId, traceFlags }) }
    )
    return Context.add(context, Tracer.ParentSpan, Object.assign(parent, { otel: current })) as Context.Context<never>
  }
  return { tracer, withCurrentParent }
}

/** Stands in for a span of which only the identity is used. */
const noSpan: OtelSpan = {
  spanContext: () => ({ traceId: "", spanId: "", traceFlags: 0 }),
  setAttribute: () => {},
  addEvent: () => {},
  setStatus: () => {},
  end: () => {}
}

/** Reports Holdfast's metrics to the host's meter. Histograms appear as `_count` and `_sum`. Returns how to stop. */
export const reportMetrics = (api: OpenTelemetryApi): (() => void) => {
  const meter = api.metrics.getMeter(scopeName)
  const stops: Array<() => void> = []
  const observe = (
    instrument: OtelObservable,
    read: (snapshot: Metric.Metric.Snapshot) => number | undefined,
    id: string
  ) => {
    const callback = (result: { observe(value: number, attributes?: Record<string, string>): void }) => {
      for (const snapshot of Metric.snapshotUnsafe(Context.empty())) {
        const value = snapshot.id === id ? read(snapshot) : undefined
        if (value !== undefined) result.observe(value, { ...snapshot.attributes })
      }
    }
    instrument.addCallback(callback)
    stops.push(() => instrument.removeCallback(callback))
  }
  for (const id of ["commands", "refusals", "conflicts", "storage_failures", "expiries"].map(
    (name) => `holdfast_${name}`
  )) {
    observe(
      meter.createObservableCounter(id),
      (snapshot) => (snapshot.type === "Counter" ? Number(snapshot.state.count) : undefined),
      id
    )
  }
  observe(
    meter.createObservableGauge("holdfast_queue_depth"),
    (snapshot) => (snapshot.type === "Gauge" ? Number(snapshot.state.value) : undefined),
    "holdfast_queue_depth"
  )
  for (const id of ["holdfast_batch_size", "holdfast_commit_milliseconds"]) {
    for (const figure of ["count", "sum"] as const) {
      observe(
        meter.createObservableCounter(`${id}_${figure}`),
        (snapshot) => (snapshot.type === "Histogram" ? snapshot.state[figure] : undefined),
        id
      )
    }
  }
  return () => {
    for (const stop of stops) stop()
  }
}
