/** A view that shows only what a footprint asked for, as an engine that loads no more than that would. */
import { keyOf, type Needs, type Table, type View } from "@holdfast/core/domain"

/** More rounds than any footprint may need. Each round costs an engine a trip to its store. */
const roundsMax = 20

/** Throws on every row and group that was not asked for. The rows of a group come with it. */
export class StrictView implements View {
  readonly asked = new Set<string>()
  private readonly base: View

  constructor(base: View) {
    this.base = base
  }

  get<R extends object>(table: Table<R>, key: string): R | undefined {
    this.assertAsked(`row ${table.name} ${key}`)
    return this.base.get(table, key)
  }

  group<R extends object>(table: Table<R>, group: string, value: string): ReadonlyArray<R> {
    this.assertAsked(`group ${table.name} ${group} ${value}`)
    return this.base.group(table, group, value)
  }

  due(): ReadonlyArray<string> {
    throw new Error("a decision must not look for what is due")
  }

  /** Runs a footprint until it asks for nothing new, and returns how many rounds of loading that took. */
  load(footprint: (needs: Needs) => void): number {
    for (let rounds = 0; rounds <= roundsMax; rounds++) {
      const missing = new Set<string>()
      const loaded = (what: string): boolean => {
        if (!this.asked.has(what)) missing.add(what)
        return this.asked.has(what)
      }
      footprint({
        row: (table, key) => (loaded(`row ${table.name} ${key}`) ? this.base.get(table, key) : undefined),
        fresh: (table, key) => {
          this.asked.add(`row ${table.name} ${key}`)
        },
        group: (table, group, value) => {
          if (!loaded(`group ${table.name} ${group} ${value}`)) return []
          const rows = this.base.group(table, group, value)
          for (const row of rows) this.asked.add(`row ${table.name} ${keyOf(table, row)}`)
          return rows
        }
      })
      if (missing.size === 0) return rounds
      for (const what of missing) this.asked.add(what)
    }
    throw new Error(`the footprint still asks for more after ${roundsMax} rounds`)
  }

  private assertAsked(what: string): void {
    if (!this.asked.has(what)) throw new Error(`the footprint did not ask for ${what.replaceAll("\u0000", " / ")}`)
  }
}
