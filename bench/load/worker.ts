/** A process full of clients. Each sends its next order when the last one is answered (closed loop). */
import { build, type Histogram, initWebAssembly } from "hdr-histogram-js"
import { contenders } from "../contenders/index.ts"
import type { Session } from "../model/Contender.ts"
import { ordersOf } from "./demand.ts"
import type { FromWorker, Tally, Task, ToWorker } from "./messages.ts"
import { readOrders } from "./orders.ts"
import { type Order, scarceSku } from "../model/Scenario.ts"

const send = (message: FromWorker): void => {
  process.send?.(message)
}

const received = (): Promise<ToWorker> =>
  new Promise((resolve) => process.once("message", (message) => resolve(message as ToWorker)))

/** Latencies from one microsecond to ten minutes, with three digits. */
export const histogramOptions = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 600_000_000,
  numberOfSignificantValueDigits: 3
} as const

const unitsOf = (order: Order): number => order.lines.reduce((sum, { quantity }) => sum + quantity, 0)

/** Lets every client work until the time is over, and waits for the last answers. */
const drive = async (
  session: Session,
  clients: ReadonlyArray<() => Order>,
  durationMs: number,
  histogram: Histogram | undefined
): Promise<Tally> => {
  let orders = 0
  let units = 0
  let refused = 0
  const endsAt = performance.now() + durationMs
  await Promise.all(
    clients.map(async (nextOrder) => {
      for (;;) {
        const order = nextOrder()
        const startedAt = performance.now()
        const reserved = await session.reserve(order)
        const answeredAt = performance.now()
        histogram?.recordValue(Math.max(1, Math.round((answeredAt - startedAt) * 1_000)))
        if (reserved) {
          orders++
          units += unitsOf(order)
        } else refused++
        if (answeredAt >= endsAt) return
      }
    })
  )
  return { orders, units, refused }
}

/** Everybody wants the last units. */
const race = async (session: Session, task: Task): Promise<Tally> => {
  let orders = 0
  let refused = 0
  let next = 0
  await Promise.all(
    Array.from({ length: task.clients }, async () => {
      while (next < task.raceAttempts) {
        const order: Order = { id: `race-${task.worker}-${next++}`, lines: [{ sku: scarceSku, quantity: 1 }] }
        if (await session.reserve(order)) orders++
        else refused++
      }
    })
  )
  return { orders, units: orders, refused }
}

const work = async (task: Task): Promise<void> => {
  const session = await contenders[task.contender].open(task)
  try {
    if (task.raceAttempts > 0) {
      send({ type: "raced", tally: await race(session, task) })
      return
    }
    const file = task.scenario.file === undefined ? [] : (await readOrders(task.scenario.file)).orders
    const clients = Array.from({ length: task.clients }, (_, client) =>
      ordersOf(task.scenario, `${task.worker}-${client.toString(36)}`, task.seed + task.worker * 10_007 + client, file)
    )
    const tally = await drive(session, clients, task.timing.warmUpMs, undefined)
    const go = received()
    send({ type: "warm", tally })
    await go
    const histogram = build({ ...histogramOptions, useWebAssembly: true })
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    const measured = await drive(session, clients, task.timing.measureMs, histogram)
    const elapsedMs = performance.now() - startedAt
    const { user, system } = process.cpuUsage(cpu)
    const { encodeIntoCompressedBase64 } = await import("hdr-histogram-js")
    send({
      type: "measured",
      tally: measured,
      elapsedMs,
      histogram: encodeIntoCompressedBase64(histogram),
      cpuMs: (user + system) / 1_000
    })
  } finally {
    await session.close()
  }
}

const message = await received()
try {
  await initWebAssembly()
  if (message.type === "task") await work(message.task)
} catch (error) {
  send({ type: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
process.disconnect()
