/** Lists of lines, as commands write them. */
import { Schema } from "effect"

/** Most lines of one reservation. */
export const linesMax = 5_000

/** A list of 1 to {@link linesMax} lines. */
export const boundedLines = <S extends Schema.Top>(line: S) =>
  Schema.Array(line).check(
    Schema.makeFilter((lines: ReadonlyArray<unknown>) =>
      lines.length === 0
        ? "must have at least 1 line"
        : lines.length > linesMax
          ? `must have at most ${linesMax} lines, got ${lines.length}`
          : undefined
    )
  )
