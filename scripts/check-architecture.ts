/** `npm run lint`: the rules that no general linter knows. Prints one line for every violation. */
import { join } from "node:path"
import { checkArchitecture } from "./architecture/rules/index.ts"

const { files, violations } = checkArchitecture(join(import.meta.dirname, ".."))
for (const { file, line, message, rule } of violations) process.stderr.write(`${file}:${line} ${message} (${rule})\n`)
if (violations.length > 0) {
  process.stderr.write(`${violations.length} violations of the architecture in ${files} files\n`)
  process.exitCode = 1
} else {
  process.stdout.write(`The architecture holds in ${files} files.\n`)
}
