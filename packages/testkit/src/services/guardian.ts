/**
 * Makes sure that a private server does not outlive the process that started it, however that ends.
 *
 * A shell waits for the end of its standard input, which the kernel closes when we are gone: an exit, a crash, a Ctrl-C
 * or a SIGKILL of a whole test run. It then stops the server that `server.pid` names and removes the folder.
 */
import { type ChildProcess, spawn } from "node:child_process"

/** In the folder: what the guardian would stop. */
export const pidFile = "server.pid"

/** In the folder: processes that are stopped by SIGSTOP, and would otherwise never notice anything. */
export const pausedFile = "paused.pids"

const script = `
cat > /dev/null
for pid in $(cat "$1/${pausedFile}" 2> /dev/null); do kill -CONT "$pid" 2> /dev/null; done
pid=$(cat "$1/${pidFile}" 2> /dev/null)
if [ -n "$pid" ]; then
  kill -s "$2" "$pid" 2> /dev/null
  tries=0
  while [ "$tries" -lt 100 ] && kill -0 "$pid" 2> /dev/null; do tries=$((tries + 1)); sleep 0.1; done
  kill -KILL "$pid" 2> /dev/null
fi
rm -rf "$1"
`

/** Watches over a folder. Returns how to dismiss the guardian, once the server is stopped. */
export const guardFolder = (folder: string, stopSignal: NodeJS.Signals): (() => void) => {
  if (process.platform === "win32") return () => {}
  const guardian: ChildProcess = spawn("sh", ["-c", script, "guardian", folder, stopSignal.replace("SIG", "")], {
    // A session of its own, so that a Ctrl-C meant for us does not end it first.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  guardian.unref()
  const stdin = guardian.stdin as (NodeJS.WritableStream & { readonly unref?: () => void }) | null
  stdin?.unref?.()
  return () => {
    guardian.kill("SIGKILL")
  }
}
