/** Every claim about a journal, in the order in which a new adapter meets them. */
import type { Claim } from "./Claim.ts"
import { crashClaims } from "./engine/crashes.ts"
import { modelClaims } from "./engine/model.ts"
import { raceClaims } from "./engine/races.ts"
import { appendClaims } from "./port/append.ts"
import { exclusiveClaims } from "./port/exclusively.ts"
import { idempotencyClaims } from "./port/idempotency.ts"
import { isolationClaims } from "./port/isolation.ts"
import { loadClaims } from "./port/load.ts"
import { manifestClaims } from "./port/manifest.ts"
import { orderClaims } from "./port/order.ts"
import { readClaims } from "./port/read.ts"
import { replaceRowsClaims, snapshotClaims } from "./port/snapshot.ts"
import { valueClaims } from "./port/values.ts"

export const journalClaims: ReadonlyArray<Claim> = [
  ...manifestClaims,
  ...appendClaims,
  ...idempotencyClaims,
  ...orderClaims,
  ...loadClaims,
  ...valueClaims,
  ...exclusiveClaims,
  ...readClaims,
  ...snapshotClaims,
  ...replaceRowsClaims,
  ...isolationClaims,
  ...raceClaims,
  ...crashClaims,
  ...modelClaims
]
