/** Backorders: unmet demand as records of their own, so that stock on hand never has to go negative to express it. */
import { keySeparator } from "../model/Ids.ts"
import { table } from "../model/Table.ts"

/** Unmet demand of one line of a reservation. */
export interface BackorderRow {
  readonly sku: string
  readonly reservation: string
  /** Line number, from 1. */
  readonly line: number
  /** Still unmet; 0 once it is filled or given up. */
  readonly quantity: number
  /** Log position at which the demand arose: the oldest is filled first. */
  readonly since: number
}

export const backorders = table<BackorderRow>({
  name: "backorders",
  key: ["sku", "reservation", "line"],
  columns: { sku: "text", reservation: "text", line: "integer", quantity: "integer", since: "integer" },
  groups: { openOfSku: { columns: ["sku"], whereNotZero: "quantity" } }
})

/** Key of a backorder. */
export const backorderKey = (sku: string, reservation: string, line: number): string =>
  sku + keySeparator + reservation + keySeparator + String(line)
