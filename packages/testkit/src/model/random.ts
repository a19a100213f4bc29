/** Where randomness comes from in tests: one seed for the whole run, printed by fast-check when something fails. */
/** `HOLDFAST_SEED`, so that a failed run can be run again. Without it every run draws other commands. */
const seed = Number.parseInt(process.env["HOLDFAST_SEED"] ?? "", 10)

/** Settings for `fc.assert` with that seed. */
export const seeded = (numRuns: number): { readonly numRuns: number; readonly seed?: number } =>
  Number.isNaN(seed) ? { numRuns } : { numRuns, seed }

/** How many random commands a law is tried with: 10,000, or `HOLDFAST_COMMANDS`. */
export const commandsToTry = Number.parseInt(process.env["HOLDFAST_COMMANDS"] ?? "", 10) || 10_000
