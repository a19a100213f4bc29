/** Whole systems in one thread, from one seed. */
export { Random } from "../faults/Random.ts"
export { SeededScheduler } from "./SeededScheduler.ts"
export { describeRun, type Run, simulate, type SimulationOptions } from "./Simulation.ts"
