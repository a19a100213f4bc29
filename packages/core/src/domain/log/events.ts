/** What happens to a log as a whole. */
import { Schema } from "effect"
import { event } from "../model/Definition.ts"

/**
 * The rows were made again from the log. Changes none of them; it moves the head, so that nobody who still remembers the
 * rows from before can write them back.
 */
export const RowsRebuilt = event({
  type: "RowsRebuilt",
  schema: Schema.Struct({ rows: Schema.Int }),
  evolve: () => {},
  skus: () => []
})
