/** `npm run build`: makes the files that are published, and tries them as a stranger would. */
import { compile } from "./build/compile.ts"
import { packages } from "./build/packages.ts"
import { tryAsStranger } from "./build/stranger.ts"

try {
  const all = packages()
  for (const each of all) {
    await compile(each)
    process.stdout.write(`built ${each.name}\n`)
  }
  tryAsStranger(all)
  process.stdout.write("A project that has only the packed packages runs and type-checks.\n")
} catch (failure) {
  process.stderr.write(`${failure instanceof Error ? failure.message : failure}\n`)
  process.exitCode = 1
}
