/** A server process of our own, in a temporary folder: started, stopped, killed, paused. Any kind of server. */
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdtempSync, chownSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { guardFolder, pausedFile, pidFile } from "./guardian.ts"
import { lastLines, type Owner, processTree, reachableTmpdir, signalAll, until } from "./processes.ts"

/** How one kind of server is run. */
export interface ServerProgram {
  readonly file: string
  readonly parameters: ReadonlyArray<string>
  readonly environment: NodeJS.ProcessEnv
  /** Whether the server with this process id takes requests by now. Asked every few milliseconds. */
  readonly isReady: (pid: number) => boolean
}

/** How long a server may take to start or to stop before that counts as failed, in milliseconds. */
const patienceMs = 30_000

/** A temporary folder for a server, and the process that runs in it. */
export class PrivateServer {
  /** The server's folder; removed at the end. */
  readonly folder: string
  readonly #owner: Owner | undefined
  readonly #stopSignal: NodeJS.Signals
  readonly #dismissGuardian: () => void
  #process: ChildProcess | undefined

  /** Makes the folder. Its user can reach it, others cannot. */
  constructor(name: string, owner: Owner | undefined, stopSignal: NodeJS.Signals) {
    this.folder = mkdtempSync(join(reachableTmpdir(owner), `holdfast-${name}-`))
    if (owner !== undefined) chownSync(this.folder, owner.uid, owner.gid)
    this.#owner = owner
    this.#stopSignal = stopSignal
    this.#dismissGuardian = guardFolder(this.folder, stopSignal)
  }

  get owner(): Owner | undefined {
    return this.#owner
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** What the server wrote to its outputs, since the folder was made. */
  get log(): string {
    return readFileSync(join(this.folder, "server.log"), "utf8")
  }

  /** Starts the server and waits until it is ready. Rejects with the end of its log. */
  async start(program: ServerProgram): Promise<void> {
    const log = openSync(join(this.folder, "server.log"), "a")
    const child = spawn(program.file, program.parameters, {
      ...this.#owner,
      cwd: this.folder,
      env: program.environment,
      // A Ctrl-C in the terminal is for the tests; they stop the server.
      detached: true,
      stdio: ["ignore", log, log]
    })
    closeSync(log)
    let failure: Error | undefined
    child.once("error", (error) => {
      failure = error
    })
    child.unref()
    this.#process = child
    const { pid } = child
    if (pid !== undefined) writeFileSync(join(this.folder, pidFile), String(pid))
    const ready = await until(
      () => failure !== undefined || !this.isRunning || (pid !== undefined && program.isReady(pid)),
      patienceMs
    )
    if (ready && failure === undefined && this.isRunning) return
    await this.kill()
    throw failure ?? new Error(`it does not start: ${lastLines(this.log)}`)
  }

  /** Asks the server to end, and waits for it. What is on disk stays. */
  async halt(): Promise<void> {
    await this.resume()
    if (this.#process?.pid !== undefined && this.isRunning) {
      signalAll([this.#process.pid], this.#stopSignal)
      if (!(await until(() => !this.isRunning, patienceMs))) return this.kill()
    }
    rmSync(join(this.folder, pidFile), { force: true })
  }

  /** SIGKILL for all of its processes, the first one first, so that none is started anew. */
  async kill(): Promise<void> {
    const pids = await this.#signal("SIGKILL")
    rmSync(join(this.folder, pausedFile), { force: true })
    rmSync(join(this.folder, pidFile), { force: true })
    const gone = await until(
      () => !this.isRunning && pids.every((pid) => pid === this.#process?.pid || !exists(pid)),
      patienceMs
    )
    if (!gone) throw new Error(`processes ${pids.join(", ")} survive SIGKILL`)
  }

  /** Stops all of its processes where they are. Connections stay open and get no answer. */
  async pause(): Promise<void> {
    const pids = await this.#signal("SIGSTOP")
    writeFileSync(join(this.folder, pausedFile), pids.join("\n"))
  }

  /** Lets paused processes go on. */
  async resume(): Promise<void> {
    await this.#signal("SIGCONT")
    rmSync(join(this.folder, pausedFile), { force: true })
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    await this.halt()
    this.#dismissGuardian()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #signal(signal: NodeJS.Signals): Promise<ReadonlyArray<number>> {
    const pid = this.#process?.pid
    if (pid === undefined || !this.isRunning) return []
    // The first process alone at first: it might start others while we look.
    signalAll([pid], signal === "SIGCONT" ? "SIGCONT" : "SIGSTOP")
    const pids = await processTree(pid)
    signalAll(pids, signal)
    return pids
  }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch {
    return false
  }
}

/** A dead process that nobody has collected; in containers its new parent may never do so. */
const isZombie = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")
  } catch {
    return false
  }
}
