/** Opens the desk for a vitest run and closes it at its end. See `vitest.ts` beside this file. */
import type { TestProject } from "vitest/node"
import { openDesk } from "./desk.ts"
import "./vitestContext.ts"

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const desk = await openDesk()
  project.provide("holdfastDesk", desk.address)
  return () => desk.close()
}
