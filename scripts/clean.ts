/** `npm run clean`: removes what building, testing and the demo made. */
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const made = ["packages/*/dist", "coverage", ".holdfast-demo", "*.tsbuildinfo", "packages/*/*.tgz"]

for (const path of globSync(made, { cwd: root })) {
  rmSync(join(root, path), { recursive: true })
  process.stdout.write(`removed ${path}\n`)
}
