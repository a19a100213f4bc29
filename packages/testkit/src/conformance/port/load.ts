/** Claims about loading: what is asked for is there, as of one position, whatever it is called and however much it is. */
import { strict as assert } from "node:assert"
import { belongs, groupValueOf, keyOf, type Row, type Table, tables } from "@holdfast/core/domain"
import type { Journal, LoadRequest, LogId } from "@holdfast/core/ports"
import { Effect } from "effect"
import { about, claim } from "../Claim.ts"
import { appendOf, oneCommand, registered, someInstant } from "../events.ts"
import { assertSameList } from "../look.ts"
import { byKeyOf, reservationRow, reservationsTable, rowOf, skuRow, skusTable } from "../rows.ts"
import { awkwardTexts } from "../texts.ts"

const nothing: LoadRequest = { rows: [], groups: [], expiring: 0 }

/** Tables that decisions read. */
const readTables = tables.filter((table) => !table.appendOnly)

/** Loads rows of one table by their keys. */
const loadKeys = (journal: Journal, log: LogId, table: Table<Row>, keys: ReadonlyArray<string>) =>
  Effect.map(journal.load(log, { ...nothing, rows: [{ table, keys }] }), (loaded) => loaded.rows[0] ?? [])

const chunk = 500

/** Writes rows in a few appends and says where the head is then. */
const write = Effect.fnUntraced(function* (journal: Journal, log: LogId, table: Table<Row>, rows: ReadonlyArray<Row>) {
  let { position } = yield* journal.head(log)
  for (let from = 0; from < rows.length; from += chunk) {
    yield* journal.append(
      log,
      oneCommand(position++, `${table.name} ${position}`, [{ table, rows: rows.slice(from, from + chunk) }])
    )
  }
  return position
})

/** Rows whose group columns take few values, one of which is awkward, and whose filter is often zero. */
const groupedRows = (table: Table<Row>, name: string): ReadonlyArray<Row> => {
  const group = table.groups[name]
  const unique = table.key.filter((column) => group?.columns.includes(column) !== true).at(-1)
  return Array.from({ length: 40 }, (_, seed) => {
    const fixed: Record<string, unknown> = {}
    for (const column of group?.columns ?? []) fixed[column] = ["a", "A", "it's 100%", "b"][seed % 4]
    if (group?.whereNotZero !== undefined) fixed[group.whereNotZero] = [0, 1, 7][seed % 3]
    return rowOf(table, seed, fixed, unique)
  })
}

export const loadClaims = about("loading", [
  claim("rows come by key, list by list as requested; what does not exist is not in them", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      const absent = yield* journal.load(log, {
        ...nothing,
        rows: readTables.map((table) => ({ table, keys: [keyOf(table, rowOf(table, 1))] }))
      })
      assert.deepEqual(
        absent.rows,
        readTables.map(() => [])
      )
      for (const table of readTables)
        yield* write(
          journal,
          log,
          table,
          [1, 2, 3].map((seed) => rowOf(table, seed))
        )
      const requests = [...readTables].reverse().flatMap((table) => [
        { table, keys: [keyOf(table, rowOf(table, 3)), keyOf(table, rowOf(table, 99))] },
        { table, keys: [] },
        { table, keys: [keyOf(table, rowOf(table, 99))] },
        { table, keys: [keyOf(table, rowOf(table, 1)), keyOf(table, rowOf(table, 2))] }
      ])
      const loaded = yield* journal.load(log, { ...nothing, rows: requests })
      const expected = [...readTables]
        .reverse()
        .flatMap((table) => [[rowOf(table, 3)], [], [], [rowOf(table, 1), rowOf(table, 2)]])
      assert.equal(loaded.rows.length, requests.length)
      requests.forEach(({ table }, index) => {
        assert.deepEqual(byKeyOf(table, loaded.rows[index] ?? []), byKeyOf(table, expected[index] ?? []))
      })
      assert.deepEqual([loaded.groups, loaded.expiring], [[], []])
    })
  ),

  claim(
    "keys differ by every character: case, accents, quotes, backslashes, %, emoji, spaces, 200 characters",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        yield* write(
          journal,
          log,
          skusTable,
          awkwardTexts.map((id, index) => skuRow(id, index))
        )
        for (const [index, id] of awkwardTexts.entries()) {
          assert.deepEqual(yield* loadKeys(journal, log, skusTable, [id]), [skuRow(id, index)])
        }
        const all = yield* loadKeys(journal, log, skusTable, awkwardTexts)
        assert.deepEqual(
          byKeyOf(skusTable, all),
          byKeyOf(
            skusTable,
            awkwardTexts.map((id, index) => skuRow(id, index))
          )
        )
        assert.deepEqual(yield* loadKeys(journal, log, skusTable, ["PLAIN", "plai", "pl_in2", "pl%", "%", ""]), [])
      })
  ),

  claim("composite keys keep their parts apart, whatever is in them", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      for (const table of readTables.filter(({ key }) => key.length > 1)) {
        const rows: Array<Row> = []
        const texts = [
          "a",
          "a b",
          "b",
          'a"b',
          "a\\",
          "\\",
          "a/b",
          "a,b",
          "a:b",
          "x".repeat(200),
          "\u00e9",
          "\ud83d\udce6"
        ]
        const keyTexts = table.key.filter((column) => table.columns[column] === "text")
        for (const left of texts) {
          for (const right of texts) {
            const fixed: Record<string, unknown> = {}
            keyTexts.forEach((column, index) => {
              fixed[column] = index % 2 === 0 ? left : right
            })
            for (const column of table.key.filter((column) => table.columns[column] === "integer")) fixed[column] = 12
            rows.push(rowOf(table, 1, fixed))
          }
        }
        yield* write(journal, log, table, rows)
        const wanted = rows.filter((_, index) => index % 5 === 0)
        const loaded = yield* loadKeys(
          journal,
          log,
          table,
          wanted.map((row) => keyOf(table, row))
        )
        assert.deepEqual(byKeyOf(table, loaded), byKeyOf(table, wanted))
      }
    })
  ),

  claim(
    "groups hold the rows with their value, all of them, without those whose filter is zero",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        for (const table of readTables) {
          for (const [name, group] of Object.entries(table.groups)) {
            const log = newLog()
            const rows = groupedRows(table, name)
            yield* write(journal, log, table, rows)
            const values = [...new Set(rows.map((row) => groupValueOf(group, row))), "nobody"]
            const loaded = yield* journal.load(log, {
              ...nothing,
              groups: [
                ...values.map((value) => ({ table, group: name, values: [value] })),
                { table, group: name, values }
              ]
            })
            values.forEach((value, index) => {
              const expected = rows.filter((row) => groupValueOf(group, row) === value && belongs(group, row))
              assert.deepEqual(
                byKeyOf(table, loaded.groups[index] ?? []),
                byKeyOf(table, expected),
                `${table.name} by ${name}: ${value}`
              )
            })
            const everything = rows.filter((row) => belongs(group, row))
            assert.deepEqual(byKeyOf(table, loaded.groups.at(-1) ?? []), byKeyOf(table, everything))
          }
        }
      })
  ),

  claim("a row that changes leaves the groups it was in and joins those it is in now", ({ journal, newLog }) =>
    Effect.gen(function* () {
      for (const table of readTables) {
        for (const [name, group] of Object.entries(table.groups)) {
          const free = group.columns.filter((column) => !table.key.includes(column))
          const filter = group.whereNotZero
          if (free.length === 0 && filter === undefined) continue
          const log = newLog()
          const rows = groupedRows(table, name)
          yield* write(journal, log, table, rows)
          const changed = rows.map((row, index): Row => {
            const moved = Object.fromEntries(free.map((column) => [column, index % 2 === 0 ? "b" : "elsewhere"]))
            return { ...row, ...moved, ...(filter === undefined ? {} : { [filter]: row[filter] === 0 ? 3 : 0 }) }
          })
          yield* write(journal, log, table, changed)
          const values = [...new Set([...rows, ...changed].map((row) => groupValueOf(group, row)))]
          const loaded = yield* journal.load(log, {
            ...nothing,
            groups: values.map((value) => ({ table, group: name, values: [value] }))
          })
          values.forEach((value, index) => {
            const expected = changed.filter((row) => groupValueOf(group, row) === value && belongs(group, row))
            assert.deepEqual(
              byKeyOf(table, loaded.groups[index] ?? []),
              byKeyOf(table, expected),
              `${table.name} by ${name}: ${value}`
            )
          })
        }
      }
    })
  ),

  claim("10,000 keys are loaded in one call, with those that do not exist among them", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      const rows = Array.from({ length: 3_000 }, (_, index) => skuRow(`sku-${index}`, index))
      const position = yield* write(journal, log, skusTable, rows)
      const keys = Array.from({ length: 10_000 }, (_, index) => `sku-${index}`)
      const loaded = yield* journal.load(log, { ...nothing, rows: [{ table: skusTable, keys }] })
      assert.equal(loaded.head.position, position)
      assertSameList(byKeyOf(skusTable, loaded.rows[0] ?? []), byKeyOf(skusTable, rows))
      const grouped = yield* journal.load(log, {
        ...nothing,
        groups: [{ table: skusTable, group: "byCode", values: keys }]
      })
      assert.equal(grouped.groups[0]?.length, rows.length)
    })
  ),

  claim(
    "soft claims come by the instant they expire at, earliest first, as many as asked; nothing else does",
    ({ journal, newLog }) =>
      Effect.gen(function* () {
        const log = newLog()
        const order = [5, 3, 9, 1, 7, 0, 8, 2, 6, 4]
        const claims = order.map((rank) => reservationRow(`r${(rank * 7) % 10}`, someInstant + rank * 1_000))
        const others = ["confirmed", "shipped", "released", "expired"].map((status, index) =>
          reservationRow(status, someInstant - 1_000 - index, status)
        )
        yield* write(journal, log, reservationsTable, [...claims.slice(0, 6), ...others])
        yield* write(journal, log, reservationsTable, claims.slice(6))
        const expiring = (count: number) =>
          Effect.map(journal.load(log, { ...nothing, expiring: count }), (loaded) => loaded.expiring)
        const all = order.map((_, rank) => ({ id: `r${(rank * 7) % 10}`, expiresAt: someInstant + rank * 1_000 }))
        for (const count of [0, 1, 4, 10, 10_000]) assert.deepEqual(yield* expiring(count), all.slice(0, count))
        // The first is extended, the second confirmed, the third made to expire even earlier.
        yield* write(journal, log, reservationsTable, [
          reservationRow("r0", someInstant + 60_000),
          reservationRow("r7", someInstant + 1_000, "confirmed"),
          reservationRow("r4", someInstant - 60_000)
        ])
        const later = [
          { id: "r4", expiresAt: someInstant - 60_000 },
          ...all.slice(3),
          { id: "r0", expiresAt: someInstant + 60_000 }
        ]
        for (const count of [1, 4, 10]) assert.deepEqual(yield* expiring(count), later.slice(0, count))
      })
  ),

  claim("head, rows, groups and expiring are as of one position, while others append", ({ journal, newLog }) =>
    Effect.gen(function* () {
      const log = newLog()
      yield* journal.head(log)
      const appends = 60
      const expiresAt = (position: number) => someInstant + position
      const step = (position: number) =>
        appendOf(position - 1, {
          commands: [{ id: `c${position}`, events: [registered("a")] }],
          recordedAt: someInstant + position,
          rows: [
            { table: skusTable, rows: [skuRow("a", position, "code"), skuRow("b", position, "code")] },
            { table: reservationsTable, rows: [reservationRow("r", expiresAt(position))] }
          ]
        })
      yield* journal.append(log, step(1))
      let writing = true
      const writer = Effect.gen(function* () {
        for (let position = 2; position <= appends; position++) {
          yield* journal.append(log, step(position))
          yield* Effect.yieldNow
        }
      }).pipe(Effect.ensuring(Effect.sync(() => (writing = false))))
      const reader = Effect.gen(function* () {
        while (writing) {
          const loaded = yield* journal.load(log, {
            rows: [{ table: skusTable, keys: ["a"] }],
            groups: [{ table: skusTable, group: "byCode", values: ["code"] }],
            expiring: 1
          })
          const { position } = loaded.head
          const seen = [loaded.rows[0], loaded.groups[0]].flat().map((row) => row?.["position"])
          assert.deepEqual(
            { position, recordedAt: loaded.head.recordedAt, rows: seen, expiring: loaded.expiring },
            {
              position,
              recordedAt: someInstant + position,
              rows: [position, position, position],
              expiring: [{ id: "r", expiresAt: expiresAt(position) }]
            }
          )
          yield* Effect.yieldNow
        }
      })
      yield* Effect.all([writer, reader, reader, reader], { concurrency: "unbounded" })
    })
  )
])
