/** The journal keeps the port's contract on PGlite in memory, on PGlite in a folder, and on a server. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pglite, postgres } from "@holdfast/adapter-postgres"
import { journalConformance } from "@holdfast/testkit"
import { suiteOn, testDatabase } from "@holdfast/testkit/services/vitest"

const always = { linearizable: true, atomicAppend: true }

journalConformance({
  name: "PGlite in memory",
  capabilities: { ...always, adapter: "pglite", durable: false, shared: false },
  make: () => ({ journal: pglite() })
})

journalConformance({
  name: "PGlite in a folder",
  capabilities: { ...always, adapter: "pglite", durable: true, shared: false },
  make: async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "holdfast-conformance-"))
    return { journal: pglite({ dataDir }), dispose: () => rm(dataDir, { recursive: true }) }
  }
})

const suite = await suiteOn("postgres")
suite("on a server", () => {
  journalConformance({
    name: "PostgreSQL",
    capabilities: { ...always, adapter: "postgres", durable: true, shared: true },
    make: async () => ({ journal: postgres({ url: await testDatabase() }) })
  })
})
