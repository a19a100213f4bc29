/**
 * Keeps a data folder to one process: PGlite does not, and two of them on one folder destroy it.
 *
 * The lock is a file beside the data that names the owner's process id and its start time. A file whose process is gone,
 * or is another one that got the same id, is stale and taken over. It does not protect against processes on other
 * machines that share the folder over a network, nor between containers that do not see each other's processes.
 */
import { randomUUID } from "node:crypto"
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The folder belongs to somebody else. */
export class FolderInUse extends Error {}

/** What every data folder of PostgreSQL's has. */
const versionFile = "PG_VERSION"

/** Refuses a folder with other things in it: a database does not belong among them, and cannot be taken out again. */
const refuseForeign = (folder: string): void => {
  const names = readdirSync(folder).filter((name) => !name.startsWith(fileName))
  if (names.length > 0 && !names.includes(versionFile)) {
    throw new FolderInUse(`the folder ${folder} holds other things (${names[0]}, …) and no database; name an empty one`)
  }
}

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

/**
 * Writes a file that appears with all of its contents or not at all, so that nobody takes a lock that is being written
 * for an abandoned one. Whether it was not there before.
 */
const create = (file: string, content: string): boolean => {
  const draft = `${file}.${process.pid}.${randomUUID()}`
  writeFileSync(draft, content)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    return false
  } finally {
    rmSync(draft)
  }
}

/** How old a takeover has to be before its process is thought to have died in it, in milliseconds. */
const takeoverMsMax = 10_000

const isOlderThan = (file: string, ms: number): boolean => {
  try {
    return Date.now() - statSync(file).mtimeMs > ms
  } catch {
    return false
  }
}

/**
 * Removes a stale lock. One process at a time may: of two that both saw it stale, the slower one would remove the lock
 * that the faster one has made meanwhile.
 */
const removeStale = (file: string): void => {
  const takeover = `${file}.takeover`
  if (isOlderThan(takeover, takeoverMsMax)) rmSync(takeover, { force: true })
  if (!create(takeover, String(process.pid))) return
  try {
    const owner = read(file)
    if (owner === undefined || !isAlive(owner)) rmSync(file, { force: true })
  } finally {
    rmSync(takeover, { force: true })
  }
}

/** Takes the folder, creating it if need be. Returns how to let go of it. Throws `FolderInUse`. */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, fileName)
  const unlock = () => rmSync(file, { force: true })
  const taken = () => {
    try {
      refuseForeign(folder)
    } catch (error) {
      unlock()
      throw error
    }
    return unlock
  }
  const own = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Owner)
  if (create(file, own)) return taken()
  const owner = read(file)
  if (owner === undefined || !isAlive(owner)) {
    removeStale(file)
    if (create(file, own)) return taken()
  }
  const now = read(file)
  throw new FolderInUse(
    `the data folder ${folder} is in use${now === undefined ? "" : ` by process ${now.pid}`}; PGlite serves one process at a time`
  )
}
