/** A subscriber sees the log from where it began: every event once, in order, as the log has it. */
import { isDeepStrictEqual } from "node:util"
import type { Facts } from "../Facts.ts"

/** See the top of the file. */
export function* prefixes({ history, events }: Facts): Generator<string> {
  const due = new Map<string, number>()
  const broken = new Set<string>()
  for (const record of [...history.records].sort((a, b) => a.at - b.at)) {
    if (record.record === "alarmed") yield `${record.subscriber} raised the alarm: ${record.message}`
    if (record.record === "subscribed") due.set(record.subscriber, record.from)
    if (record.record !== "delivered" || broken.has(record.subscriber)) continue
    const { subscriber, event } = record
    const expected = due.get(subscriber)
    if (event.position !== expected) {
      broken.add(subscriber)
      yield `${subscriber} got event ${event.position} where event ${expected} was due`
    } else if (!isDeepStrictEqual(plain(event), plain(events[event.position - 1]))) {
      broken.add(subscriber)
      yield `${subscriber} got an event ${event.position} that the log does not have`
    }
    due.set(subscriber, event.position + 1)
  }
}

/** The event as JSON, without the fingerprint that only a journal knows. */
const plain = (value: unknown): unknown => {
  const { fingerprint: _, ...event } = JSON.parse(JSON.stringify(value ?? {})) as { readonly fingerprint?: string }
  return event
}

/** `verify()` found rows and events in agreement. */
export function* verified({ history: { verification } }: Facts): Generator<string> {
  if (verification === undefined || verification.ok) return
  yield* verification.differences
  yield* verification.violations
  if (verification.differences.length + verification.violations.length === 0)
    yield "verify is not ok and does not say why"
}
