/** From footprints to loaded rows: a bounded number of round trips for any number of commands. */
import { Effect } from "effect"
import type { Draft, Needs, Row, Table } from "../domain/index.ts"
import type { StorageUnavailable } from "../ports/errors.ts"
import { type Head, HeadMoved, type Journal, type Loaded, type LoadRequest, type LogId } from "../ports/Journal.ts"
import type { Cache } from "./Cache.ts"

/** What footprints can depend on each other: reservation → location → parent … A deeper chain is a defect. */
const roundsMax = 64

/** Collects what footprints ask for and the cache lacks. */
class Wants implements Needs {
  readonly #cache: Cache
  readonly #draft: Draft | undefined
  readonly #trust: boolean
  readonly #rows = new Map<Table<Row>, Set<string>>()
  readonly #groups = new Map<Table<Row>, Map<string, Set<string>>>()

  constructor(cache: Cache, draft: Draft | undefined, trust: boolean) {
    this.#cache = cache
    this.#draft = draft
    this.#trust = trust
  }

  row<R extends object>(table: Table<R>, key: string): R | undefined {
    const changed = this.#draft?.changed.get(table as unknown as Table<never>)?.get(key)
    if (changed !== undefined) return changed as R
    const known = this.#cache.peek(table, key)
    const isBelieved = known === null && !this.#trust && this.#cache.isAssumed(table, key)
    if (known !== undefined && !isBelieved) return known ?? undefined
    this.#want(table, key)
    return undefined
  }

  fresh<R extends object>(table: Table<R>, key: string): void {
    if (!this.#trust && this.#cache.isAssumed(table, key)) {
      this.#want(table, key)
      return
    }
    if (this.#draft?.changed.get(table as unknown as Table<never>)?.has(key) === true) return
    if (this.#cache.peek(table, key) !== undefined) return
    if (this.#trust) this.#cache.assumeAbsent(table, key)
    else this.#want(table, key)
  }

  group<R extends object>(table: Table<R>, group: string, value: string): ReadonlyArray<R> {
    if (this.#cache.hasGroup(table, group, value)) return (this.#draft ?? this.#cache).group(table, group, value)
    const token = table as unknown as Table<Row>
    const groups = this.#groups.get(token) ?? new Map<string, Set<string>>()
    this.#groups.set(token, groups)
    const values = groups.get(group)
    if (values === undefined) groups.set(group, new Set([value]))
    else values.add(value)
    return []
  }

  #want<R extends object>(table: Table<R>, key: string): void {
    const token = table as unknown as Table<Row>
    const keys = this.#rows.get(token)
    if (keys === undefined) this.#rows.set(token, new Set([key]))
    else keys.add(key)
  }

  request(expiring: number): LoadRequest | undefined {
    if (this.#rows.size === 0 && this.#groups.size === 0 && expiring === 0) return undefined
    return {
      // In a fixed order, so that equal wants give the same statement, which a journal may keep prepared.
      rows: [...this.#rows].sort(byName).map(([table, keys]) => ({ table, keys: [...keys] })),
      groups: [...this.#groups]
        .sort(byName)
        .flatMap(([table, groups]) => [...groups].map(([group, values]) => ({ table, group, values: [...values] }))),
      expiring
    }
  }
}

const byName = ([a]: readonly [Table<Row>, unknown], [b]: readonly [Table<Row>, unknown]): number =>
  a.name < b.name ? -1 : 1

/** What a commit on its way changes. */
export interface InFlight {
  /** The head before it. */
  readonly base: Head
  readonly draft: Draft
}

/** What to load, and on top of what. */
export interface LoadOptions {
  readonly journal: Journal
  readonly log: LogId
  readonly cache: Cache
  /** Changes on top of the cache that footprints may depend on. */
  readonly draft?: Draft
  /** The head the cache is true at. Without one, whatever the first answer says. */
  readonly head: Head | undefined
  /** A commit on its way: the cache is true behind it, and answers may still be from before it. */
  readonly inFlight?: InFlight | undefined
  /** Whether rows that are about to be added may be believed absent instead of looked for. Default: false. */
  readonly trust?: boolean
  /** How many of the soft claims that expire first to bring along. */
  readonly expiring?: number
  readonly footprints: (needs: Needs) => void
}

/**
 * Loads into the cache until the footprints miss nothing. Fails with `HeadMoved` when the journal has moved on, because
 * rows of two positions must not be mixed, except those on either side of a commit in flight. Costs nothing when all is there.
 */
export const load = Effect.fnUntraced(function* (
  options: LoadOptions
): Effect.fn.Return<Pick<Loaded, "head" | "expiring">, HeadMoved | StorageUnavailable> {
  let { head } = options
  let expiring: Loaded["expiring"] = []
  let wanted = options.expiring ?? 0
  for (let round = 0; round < roundsMax; round++) {
    const wants = new Wants(options.cache, options.draft, options.trust ?? false)
    options.footprints(wants)
    const request = wants.request(wanted)
    if (request === undefined) return { head: head ?? (yield* options.journal.head(options.log)), expiring }
    const loaded = yield* options.journal.load(options.log, request)
    const isEarlier = loaded.head.position === options.inFlight?.base.position
    if (head !== undefined && loaded.head.position !== head.position && !isEarlier) {
      return yield* new HeadMoved({ expected: head.position, actual: loaded.head.position })
    }
    head ??= loaded.head
    options.cache.add(request, loaded)
    if (isEarlier && options.inFlight !== undefined) options.cache.absorb(options.inFlight.draft)
    if (wanted > 0) {
      expiring = loaded.expiring
      wanted = 0
    }
  }
  return yield* Effect.die(new Error(`footprints still ask for more after ${roundsMax} loads`))
})
