/** Processes of our own, for what only several processes can show. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

/** A running script that says things on standard output, one JSON value per line. */
export interface Child<Message> {
  readonly pid: number
  /** All it has said so far, in order. */
  readonly said: ReadonlyArray<Message>
  /** Waits for it to say something more that fits. Rejects when it ends before. */
  hear(fits: (message: Message) => boolean): Promise<Message>
  /** Tells it something, one JSON value per line. */
  tell(message: unknown): void
  /** Waits for its end. Rejects, with what it wrote to standard error, unless it ended well. */
  ended(): Promise<void>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
}

/** Starts a script of this folder with one JSON value as its parameter. It ends with the running test at the latest. */
export const startChild = <Message>(script: string, parameter: unknown): Child<Message> => {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=holdfast-source", file, JSON.stringify(parameter)],
    { stdio: ["pipe", "pipe", "pipe"] }
  )
  const said: Array<Message> = []
  const listeners = new Set<() => void>()
  let complaints = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text
  })
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(JSON.parse(line) as Message)
      for (const look of listeners) look()
    })
  }
  const end = new Promise<void>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve()
      else reject(new Error(`${script} ended with ${code ?? signal}: ${complaints}`))
    })
  })
  end.catch(() => {})
  const kill = async () => {
    child.kill("SIGKILL")
    await end.catch(() => {})
  }
  onTestFinished(kill)
  return {
    pid: child.pid ?? 0,
    said,
    hear: (fits) => {
      let seen = 0
      return new Promise((resolve, reject) => {
        const look = () => {
          for (; seen < said.length; seen++) {
            const message = said[seen] as Message
            if (!fits(message)) continue
            listeners.delete(look)
            resolve(message)
            return
          }
        }
        listeners.add(look)
        look()
        end.then(() => reject(new Error(`${script} ended before it said that: ${complaints}`)), reject)
      })
    },
    tell: (message) => {
      child.stdin?.write(`${JSON.stringify(message)}\n`)
    },
    ended: () => end,
    kill
  }
}
