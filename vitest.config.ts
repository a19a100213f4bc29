import { defineConfig } from "vitest/config"

/** Tests run on the sources: the condition of the packages' exports that points there must be set everywhere. */
const conditions = ["holdfast-source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "docs/test/**/*.test.ts"
    ],
    globalSetup: ["./vitest.globalSetup.ts"],
    execArgv: ["--conditions=holdfast-source"],
    testTimeout: 60_000,
    hookTimeout: 120_000
  }
})
