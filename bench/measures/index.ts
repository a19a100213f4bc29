/** The measures by name. */
import { measureAvailability } from "./availability.ts"
import type { Measure, MeasureSize } from "../model/Measure.ts"
import { measureMemory } from "./memory.ts"
import { measureRebuild } from "./rebuild.ts"

export const measures: ReadonlyMap<string, Measure> = new Map([
  ["rebuild", measureRebuild],
  ["availability", measureAvailability],
  ["memory", measureMemory]
])

export const measureNames: ReadonlySet<string> = new Set(measures.keys())

/** How big: five million positions at night, one million by day, a tenth of it when it has to be quick. */
export const sizeOf = (profile: { readonly quick: boolean; readonly nightly: boolean }): MeasureSize =>
  profile.nightly
    ? { rebuildEvents: 500_000, bins: 50_000, skus: 5_000 }
    : profile.quick
      ? { rebuildEvents: 20_000, bins: 5_000, skus: 100 }
      : { rebuildEvents: 100_000, bins: 50_000, skus: 1_000 }
