/** All contenders by name. */
import type { Contender, ContenderName } from "../model/Contender.ts"
import { sqlForUpdate, sqlSerializable, sqlStatement, sqlTransaction } from "./handWritten.ts"
import { holdfast } from "./holdfast.ts"
import { rawInsert } from "./rawInsert.ts"

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  holdfast,
  "sql-transaction": sqlTransaction,
  "sql-statement": sqlStatement,
  "sql-for-update": sqlForUpdate,
  "sql-serializable": sqlSerializable,
  "raw-insert": rawInsert
}
