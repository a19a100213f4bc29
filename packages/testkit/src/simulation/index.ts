/** Whole systems in one thread, from one seed. */
export { SeededScheduler } from "./SeededScheduler.ts"
export { describeRun, type Run, simulate, type SimulationOptions } from "./Simulation.ts"
