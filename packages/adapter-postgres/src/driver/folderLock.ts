/**
 * Keeps a data folder to one process: PGlite does not, and two of them on one folder destroy it.
 *
 * The lock is a file beside the data that names the owner's process id and its start time. A file whose process is gone,
 * or is another one that got the same id, is stale and taken over. It does not protect against processes on other
 * machines that share the folder over a network, nor between containers that do not see each other's processes.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The folder belongs to somebody else. */
export class FolderInUse extends Error {}

const fileName = "holdfast.lock"

interface Owner {
  readonly pid: number
  readonly startedAt: string
}

/** When a process started, in the kernel's own words, where the kernel tells; else a constant. */
const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "unknown"
  } catch {
    return "unknown"
  }
}

const isAlive = (owner: Owner): boolean => {
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  return startOf(owner.pid) === owner.startedAt
}

const read = (file: string): Owner | undefined => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner
  } catch {
    return undefined
  }
}

/** Takes the folder, creating it if need be. Returns how to let go of it. Throws `FolderInUse`. */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, fileName)
  const own: Owner = { pid: process.pid, startedAt: startOf(process.pid) }
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(own), { flag: "wx" })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
      const owner = read(file)
      if ((owner !== undefined && isAlive(owner)) || attempt > 0) {
        throw new FolderInUse(
          `the data folder ${folder} is in use${owner === undefined ? "" : ` by process ${owner.pid}`}; PGlite serves one process at a time`
        )
      }
      rmSync(file, { force: true })
    }
  }
}
