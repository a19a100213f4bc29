/** What the figures were measured on. Nothing here names the machine or its owner. */
import { execFile } from "node:child_process"
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os"
import { promisify } from "node:util"

/** A description of a machine. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Of the last minute, before the first run: more than a few tenths means that the machine was not alone. */
  readonly loadBefore: number
  /** The commit that was measured, if it is known. */
  readonly commit: string | null
}

/** Describes this machine. */
export const describeMachine = async (): Promise<Machine> => ({
  processor: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  commit: await commitOf()
})

const commitOf = async (): Promise<string | null> => {
  try {
    const git = promisify(execFile)
    const { stdout } = await git("git", ["describe", "--always", "--dirty", "--abbrev=10"], {
      cwd: import.meta.dirname
    })
    return stdout.trim()
  } catch {
    return null
  }
}
