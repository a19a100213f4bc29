/** Rows that could not be used: the first few in full, all of them counted by reason. */

/** Why a row is of no use. `reason` is one of few texts, to count by; `detail` is what the row says. */
export interface BadRow {
  readonly line: number
  readonly reason: string
  readonly detail?: string
}

/** Bad rows to keep in full. */
export const shownMax = 20

/** Longest excerpt of a bad field, in characters. */
const excerptMax = 40

/** A piece of input as one short printable text: an input must not be able to write to the terminal. */
export const excerpt = (text: string): string => {
  const short = text.length > excerptMax ? `${text.slice(0, excerptMax)}…` : text
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, "?")
}

/** See the top of the file. */
export class BadRows {
  readonly first: Array<BadRow> = []
  readonly byReason = new Map<string, number>()
  total = 0

  add(row: BadRow): void {
    this.total++
    this.byReason.set(row.reason, (this.byReason.get(row.reason) ?? 0) + 1)
    if (this.first.length < shownMax) this.first.push(row)
  }
}
