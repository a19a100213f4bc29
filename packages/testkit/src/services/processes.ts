/** Small things about processes, ports and users that all private servers need. */
import { execFile } from "node:child_process"
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"

/** Runs a program to its end. Rejects with what it printed when it fails or takes longer than `timeoutMs`. */
export const runProgram = (
  file: string,
  parameters: ReadonlyArray<string>,
  options: {
    readonly owner?: Owner | undefined
    readonly environment?: NodeJS.ProcessEnv
    readonly folder?: string
    readonly timeoutMs?: number
  } = {}
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      file,
      parameters,
      {
        ...options.owner,
        ...(options.folder === undefined ? {} : { cwd: options.folder }),
        env: options.environment ?? process.env,
        timeout: options.timeoutMs ?? 60_000,
        maxBuffer: 64 * 1024 * 1024
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(lastLines(stderr) || lastLines(stdout) || error.message, { cause: error }))
      }
    )
  })

/** The end of a program's output, in one line. */
export const lastLines = (text: string): string => text.trim().split("\n").slice(-5).join(" | ")

/** The user a server runs as. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Who private servers run as: nobody special, unless we are root. Several servers refuse to run as root, and with root's
 * rights a server would not notice a missing permission. Such a user has to be known to the system.
 */
export const serverOwner = async (names: ReadonlyArray<string>): Promise<Owner | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  for (const name of names) {
    try {
      const [uid, gid] = await Promise.all([runProgram("id", ["-u", name]), runProgram("id", ["-g", name])])
      return { uid: Number(uid), gid: Number(gid) }
    } catch {
      // This one does not exist here.
    }
  }
  throw new Error(`it must not run as root, and there is no user ${names.join(" or ")}`)
}

/** Whether everybody may read what is at a path, and so also the user that a server runs as. */
export const isPublic = (path: string): boolean => {
  if ((statSync(path).mode & 0o005) !== 0o005) return false
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** The folder for temporary folders that a server's user can reach. */
export const reachableTmpdir = (owner: Owner | undefined): string =>
  owner === undefined || isPublic(tmpdir()) ? tmpdir() : "/tmp"

/** A TCP port of the loopback address that nobody listens on at this moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no free port"))
      )
    })
  })

/** Where a program is: on the PATH, or in one of the other folders. */
export const findProgram = (name: string, otherFolders: ReadonlyArray<string> = []): string | undefined =>
  [...(process.env["PATH"] ?? "").split(delimiter), ...otherFolders]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** A process and all that descend from it, parents first. Where there is no /proc, `ps` is asked. */
export const processTree = async (root: number): Promise<ReadonlyArray<number>> => {
  const children = new Map<number, Array<number>>()
  for (const [pid, parent] of await parents()) children.set(parent, [...(children.get(parent) ?? []), pid])
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

const parents = async (): Promise<ReadonlyArray<readonly [pid: number, parent: number]>> => {
  if (process.platform !== "linux") {
    const listing = await runProgram("ps", ["-A", "-o", "pid=,ppid="])
    return listing
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
        // The name of a program may hold spaces and parentheses; the fields after it cannot.
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
        return [[Number(pid), Number(parent)] as const]
      } catch {
        return []
      }
    })
}

/** Sends a signal to processes that may be gone already. */
export const signalAll = (pids: ReadonlyArray<number>, signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
  }
}

/** Waits until something is so, looking every few milliseconds; false when the time is up. */
export const until = async (isSo: () => boolean, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}
