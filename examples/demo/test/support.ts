/** Files and outputs for the demo's tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import type { BadRow } from "../src/orders/BadRows.ts"
import { csvOrders } from "../src/orders/csv.ts"
import type { Order } from "../src/orders/Order.ts"

/** A folder that goes away with `using`. */
export const temporaryFolder = (): Disposable & {
  readonly path: string
  file(name: string, content: string | Uint8Array): string
} => {
  const path = mkdtempSync(join(tmpdir(), "holdfast-demo-test-"))
  return {
    path,
    file: (name, content) => {
      const file = join(path, name)
      writeFileSync(file, content)
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true })
  }
}

/** An output that is no terminal, and what was written to it. */
export const captured = (): { readonly output: Writable; text(): string } => {
  const parts: Array<string> = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      parts.push(String(chunk))
      done()
    }
  })
  return { output, text: () => parts.join("") }
}

/** A file's orders and bad rows, as a reader finds them. */
export const readCsv = async (
  content: string | Uint8Array
): Promise<{
  readonly orders: ReadonlyArray<Order>
  readonly bad: ReadonlyArray<BadRow>
  readonly total: number
  readonly byReason: ReadonlyMap<string, number>
  readonly notes: ReadonlyArray<string>
}> => {
  using folder = temporaryFolder()
  const source = csvOrders(folder.file("orders.csv", content))
  const { badRows, notes } = await source.survey(new AbortController().signal)
  const orders: Array<Order> = []
  for await (const order of source.orders()) orders.push(order)
  return { orders, bad: badRows.first, total: badRows.total, byReason: badRows.byReason, notes }
}
