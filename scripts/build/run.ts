/** Runs a program to its end, and shows what it said only when it failed. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { root } from "./packages.ts"

export const run = (command: string, args: ReadonlyArray<string>, cwd: string): string => {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
      // npm is a script on Windows, which only a shell starts.
      shell: process.platform === "win32" && command === "npm"
    })
  } catch (failure) {
    const { stderr = "", stdout = "" } = failure as { stderr?: string; stdout?: string }
    throw new Error(`${[command, ...args].join(" ")} failed in ${cwd}\n${stdout}${stderr}`)
  }
}

export const tsc = (args: ReadonlyArray<string>, cwd: string): string =>
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], cwd)
