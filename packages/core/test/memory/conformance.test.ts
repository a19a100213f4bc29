/** The journal in memory keeps the port's contract. */
import { memory } from "@holdfast/core"
import { journalConformance } from "@holdfast/testkit"

journalConformance({
  name: "memory",
  capabilities: { adapter: "memory", linearizable: true, atomicAppend: true, durable: false, shared: false },
  make: () => ({ journal: memory(), elsewhere: memory() })
})
