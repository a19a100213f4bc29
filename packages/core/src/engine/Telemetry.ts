/** What the engine tells about itself: spans through Effect's tracer, figures through Effect's metrics. */
import { Metric } from "effect"

/** Commands waiting for a batch. */
export const queueDepth = Metric.gauge("holdfast_queue_depth", { description: "Commands waiting for a batch" })

/** Commands in a batch. */
export const batchSize = Metric.histogram("holdfast_batch_size", {
  description: "Commands in a batch",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 11 })
})

/** Duration of a commit, in milliseconds. */
export const commitMs = Metric.histogram("holdfast_commit_milliseconds", {
  description: "Duration of a commit",
  boundaries: Metric.exponentialBoundaries({ start: 0.5, factor: 2, count: 14 })
})

/** Commands answered, by `outcome`: accepted, refused, repeated, failed. */
export const commands = Metric.counter("holdfast_commands", { description: "Commands answered", incremental: true })

/** Refusals, by `refusal`: the tag of the error. */
export const refusals = Metric.counter("holdfast_refusals", { description: "Commands refused", incremental: true })

/** Commits that found the head moved by somebody else. */
export const conflicts = Metric.counter("holdfast_conflicts", {
  description: "Batches that met another writer",
  incremental: true
})

/** Times the storage did not answer. */
export const storageFailures = Metric.counter("holdfast_storage_failures", {
  description: "Storage calls that failed",
  incremental: true
})

/** Reservations whose expiry was recorded. */
export const expiries = Metric.counter("holdfast_expiries", { description: "Expiries recorded", incremental: true })
