/** Tells how far long work is: a bar on a terminal, a plain line now and then anywhere else. */
import { SingleBar } from "cli-progress"

/** Where a run writes to. A terminal is told by `isTTY`. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** Progress of one piece of work. */
export interface Progress {
  update(done: number): void
  /** The work is over; the last state stays visible. */
  end(): void
}

/** Shortest time between two plain lines, in milliseconds. */
const lineEveryMs = 2_000

const number = new Intl.NumberFormat("en-GB")

const bar = (output: Output, label: string, total: number, unit: string): Progress => {
  const drawn = new SingleBar({
    stream: output,
    format: `  ${label.padEnd(22)} {bar} {percentage}%  {value}/{total} ${unit}  {duration_formatted}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 28,
    fps: 10,
    hideCursor: true,
    emptyOnZero: true,
    // Ctrl-C is the run's own business; it shows the cursor again by ending the bar.
    gracefulExit: false
  })
  drawn.start(total, 0)
  return { update: (done) => drawn.update(done), end: () => drawn.stop() }
}

const lines = (output: Output, label: string, total: number, unit: string): Progress => {
  const from = performance.now()
  let last = from
  let reached = 0
  const write = () => {
    const seconds = ((performance.now() - from) / 1_000).toFixed(1)
    output.write(`  ${label}: ${number.format(reached)} of ${number.format(total)} ${unit}, ${seconds} s\n`)
  }
  return {
    update: (done) => {
      reached = done
      const now = performance.now()
      if (now - last < lineEveryMs) return
      last = now
      write()
    },
    end: write
  }
}

/** Starts to show the progress of some work. */
export const showProgress = (output: Output, label: string, total: number, unit: string): Progress =>
  output.isTTY === true ? bar(output, label, total, unit) : lines(output, label, total, unit)
