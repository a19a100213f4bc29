/** What is asked of a contender: which SKUs, by how many clients in how many processes, in orders of how many lines. */

/** One line of an order; one SKU at most once per order. */
export interface OrderLine {
  readonly sku: string
  readonly quantity: number
}

/** One command: reserve all lines or nothing. */
export interface Order {
  readonly id: string
  readonly lines: ReadonlyArray<OrderLine>
}

/** Which SKUs are asked for: always the same one, ten thousand by popularity, or those of a file of real orders. */
export type Demand = "hot" | "skewed" | "file"

/** One row of the matrix. */
export interface Scenario {
  readonly name: string
  readonly demand: Demand
  /** Concurrent callers in total, over all processes. */
  readonly clients: number
  readonly processes: number
  /** Lines per order; the average, where a file says so. */
  readonly lines: number
  /** A csv or csv.gz with `order_id,sku,quantity`, for `demand: "file"`. */
  readonly file?: string
}

/** How long a run takes, in milliseconds. */
export interface Timing {
  readonly warmUpMs: number
  readonly measureMs: number
}

/** SKUs of the skewed demand. */
export const skuCount = 10_000

/** Units of every SKU at the beginning: more than any run can take. */
export const plentyOf = 1_000_000_000

/** The SKU that the race for the last units is about, and how many there are. */
export const scarceSku = "scarce"
export const scarceUnits = 100

/** Attempts in that race, each for one unit. */
export const scarceAttempts = 400

/** The place all stock is at. */
export const site = "main-site"

/** The id of the n-th SKU. */
export const skuId = (index: number): string => `sku-${String(index).padStart(5, "0")}`

/** The SKUs that a scenario needs in stock. */
export const skusOf = (scenario: Scenario, ofFile: ReadonlyArray<string>): ReadonlyArray<string> => {
  switch (scenario.demand) {
    case "hot":
      return [skuId(0)]
    case "skewed":
      return Array.from({ length: skuCount }, (_, index) => skuId(index))
    case "file":
      return ofFile
  }
}
