/**
 * The part of `@opentelemetry/api` that Holdfast uses, with an SDK behind it that keeps everything: contexts are
 * immutable and travel with async calls, a span without a parent in its context (or with `root`) starts a trace.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import type { OpenTelemetryApi } from "@holdfast/core"

type OtelSpan = ReturnType<OpenTelemetryApi["trace"]["getSpan"]> & {}
type Attributes = Record<string, string | number | boolean>
type Callback = (result: { observe(value: number, attributes?: Record<string, string>): void }) => void

interface StartOptions {
  readonly root?: boolean
  readonly startTime?: [number, number]
  readonly links?: ReadonlyArray<{ readonly context: { readonly spanId: string }; readonly attributes?: Attributes }>
}

/** A span as an exporter would get it. */
export class KeptSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Attributes = {}
  readonly links: Array<string>
  readonly startTime: [number, number] | undefined
  endTime: [number, number] | undefined
  statusCode = 0

  constructor(name: string, traceId: string, spanId: string, parent: OtelSpan | undefined, options: StartOptions) {
    this.name = name
    this.traceId = traceId
    this.spanId = spanId
    this.parentSpanId = parent?.spanContext().spanId
    this.links = (options.links ?? []).map((link) => link.context.spanId)
    this.startTime = options.startTime
  }

  spanContext() {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: 1 }
  }
  setAttribute(key: string, value: string | number | boolean) {
    this.attributes[key] = value
    return this
  }
  addEvent() {
    return this
  }
  addLink(link: { readonly context: { readonly spanId: string } }) {
    this.links.push(link.context.spanId)
    return this
  }
  setStatus(status: { readonly code: number }) {
    this.statusCode = status.code
    return this
  }
  end(time?: [number, number]) {
    this.endTime = time ?? [0, 0]
  }
}

/** An api object and all that was reported to it. */
export const keepingOpenTelemetry = () => {
  const spans: Array<KeptSpan> = []
  const instruments = new Map<string, Set<Callback>>()
  const storage = new AsyncLocalStorage<ReadonlyMap<string, OtelSpan>>()
  let ids = 0
  const hex = (length: number) => (++ids).toString(16).padStart(length, "0")
  const getSpan = (context: object) => (context as ReadonlyMap<string, OtelSpan>).get("span")
  const setSpan = (context: object, span: OtelSpan) =>
    new Map(context as ReadonlyMap<string, OtelSpan>).set("span", span)
  const active = () => storage.getStore() ?? new Map<string, OtelSpan>()
  const startSpan = (name: string, options: object = {}, context: object = active()) => {
    const given = options as StartOptions
    const parent = given.root === true ? undefined : getSpan(context)
    const span = new KeptSpan(name, parent?.spanContext().traceId ?? hex(32), hex(16), parent, given)
    spans.push(span)
    return span
  }
  const instrument = (name: string) => {
    const callbacks = instruments.get(name) ?? new Set<Callback>()
    instruments.set(name, callbacks)
    return {
      addCallback: (callback: Callback) => void callbacks.add(callback),
      removeCallback: (callback: Callback) => void callbacks.delete(callback)
    }
  }
  const api: OpenTelemetryApi = {
    trace: { getTracer: () => ({ startSpan }), getSpan, setSpan },
    context: { active },
    metrics: { getMeter: () => ({ createObservableCounter: instrument, createObservableGauge: instrument }) }
  }
  return {
    api,
    spans,
    instruments,
    /** Runs with a span of the host's own as the active one. */
    withHostSpan: async <A>(
      name: string,
      run: () => Promise<A>
    ): Promise<{ readonly span: KeptSpan; readonly value: A }> => {
      const span = startSpan(name)
      const value = await storage.run(setSpan(active(), span), run)
      span.end()
      return { span, value }
    },
    /** What a collection of the metrics would export. */
    collect: () => {
      const points: Array<{
        readonly name: string
        readonly value: number
        readonly attributes: Record<string, string>
      }> = []
      for (const [name, callbacks] of instruments) {
        for (const callback of callbacks)
          callback({ observe: (value, attributes = {}) => void points.push({ name, value, attributes }) })
      }
      return points
    }
  }
}
