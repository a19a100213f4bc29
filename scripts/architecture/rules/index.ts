/** All rules of the architecture, over one repository. */
import { code } from "./code.ts"
import { cycles } from "./cycles.ts"
import { direction } from "./direction.ts"
import { manifests } from "./manifests.ts"
import { stability } from "./stability.ts"
import { readWorkspace, type Violation } from "../Workspace.ts"

const rules = [direction, cycles, stability, code, manifests]

export const checkArchitecture = (root: string): { files: number; violations: ReadonlyArray<Violation> } => {
  const workspace = readWorkspace(root)
  const violations = rules
    .flatMap((rule) => rule(workspace))
    .sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
  return { files: workspace.sources.length, violations }
}
