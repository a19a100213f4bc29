/** A bar on a terminal, lines elsewhere. */
import { Presets, SingleBar } from "cli-progress"

/** Progress over a known number of steps. */
export interface Progress {
  say(text: string): void
  step(text: string): void
  stop(): void
}

/** How often lines are written where there is no terminal, at most. */
const lineEveryMs = 5_000

/** Starts to report on standard error. */
export const startProgress = (steps: number): Progress => {
  if (!process.stderr.isTTY) {
    let saidAt = 0
    return {
      say: (text) => {
        if (performance.now() - saidAt < lineEveryMs) return
        saidAt = performance.now()
        process.stderr.write(`${text}\n`)
      },
      step: (text) => {
        process.stderr.write(`${text}\n`)
      },
      stop: () => {}
    }
  }
  const bar = new SingleBar(
    { format: "{bar} {value}/{total} {eta_formatted} {text}", hideCursor: true, stream: process.stderr },
    Presets.shades_grey
  )
  bar.start(steps, 0, { text: "" })
  return {
    say: (text) => bar.update({ text }),
    step: (text) => bar.increment(1, { text }),
    stop: () => bar.stop()
  }
}
