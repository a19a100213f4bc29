/** `verify` proves that the rows follow from the events, or says what does not; `rebuild` repairs the rows. */
import { assert, describe, it } from "@effect/vitest"
import { keyOf, type Row, type Table, tables } from "@holdfast/core/domain"
import { type Engine, makeEngine } from "@holdfast/core/engine"
import { LogGap } from "@holdfast/core/ports"
import { openingSteps, type Step } from "@holdfast/testkit/model"
import { Effect, Fiber, Stream } from "effect"
import { cart, Door, makeDoor, start, stocked, tagOf } from "./support.ts"

type Rows = ReadonlyArray<{ readonly table: Table<Row>; readonly rows: ReadonlyArray<Row> }>

const life: ReadonlyArray<Pick<Step, "name" | "input">> = [
  ...openingSteps,
  {
    name: "reserve",
    input: { id: "r1", owner: "cart", lines: [{ sku: "bolt", quantity: 2, within: "north" }], expiresIn: "1 hour" }
  },
  { name: "reserve", input: { id: "r2", owner: "cart", lines: [{ sku: "nut", quantity: 9 }], expiresIn: "1 hour" } },
  { name: "confirm", input: { reservation: "r1" } },
  { name: "placeHold", input: { id: "h1", sku: "bolt", at: "bin-1", quantity: 1 } },
  { name: "move", input: { sku: "bolt", from: "bin-1", to: "bin-2", quantity: 1 } }
]

const lived = Effect.gen(function* () {
  const door = yield* makeDoor
  const engine = yield* makeEngine(door.journal, { sweep: false })
  for (const { name, input } of life) yield* engine.submit(name, input as never)
  return { door, engine }
})

/** All rows of the log, as they are stored. */
const allRows = Effect.fnUntraced(function* (door: Door) {
  const snapshot = yield* door.inner.snapshot("default")
  return yield* Effect.forEach(tables, (table) =>
    Effect.map(Stream.runCollect(snapshot.rows(table)), (rows) => ({ table, rows }))
  )
})

/** Writes rows past the engine, as somebody with a database console might. */
const damage = Effect.fnUntraced(function* (door: Door, change: (rows: Rows) => Rows) {
  const { position } = yield* door.inner.head("default")
  yield* door.inner.replaceRows("default", position, change(yield* allRows(door)))
})

const inTable = (name: string, change: (rows: ReadonlyArray<Row>) => ReadonlyArray<Row>) => (all: Rows) =>
  all.map(({ table, rows }) => ({ table, rows: table.name === name ? change(rows) : rows }))

const sorted = (all: Rows) =>
  all.map(({ table, rows }) =>
    [...rows].map((row) => [keyOf(table, row), row] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  )

/** Changes one value of a row so that it stays of its type. */
const changed = (row: Row, column: string): Row => {
  const value = row[column]
  return {
    ...row,
    [column]:
      typeof value === "number"
        ? value + 1
        : typeof value === "string"
          ? `${value}x`
          : typeof value === "boolean"
            ? !value
            : Array.isArray(value)
              ? [...value, value[0] ?? "x"]
              : "x"
  }
}

const expectRepair = Effect.fnUntraced(function* (door: Door, engine: Engine, sound: Rows, what: string) {
  const found = yield* engine.verify()
  assert.isFalse(found.ok, what)
  assert.isNotEmpty(found.differences, what)
  const rebuilt = yield* engine.rebuild()
  assert.strictEqual(rebuilt.position, found.position + 1)
  assert.deepStrictEqual(sorted(yield* allRows(door)), sorted(sound), what)
  assert.isTrue((yield* engine.verify()).ok, what)
})

describe("verify and rebuild", () => {
  it.effect("find nothing in a sound log, and say what they looked at", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* lived
      const rows = (yield* allRows(door)).reduce((sum, { rows }) => sum + rows.length, 0)
      const progress: Array<readonly [number, number]> = []
      const found = yield* engine.verify((done, of) => progress.push([done, of]))
      assert.deepStrictEqual(found, {
        ok: true,
        position: life.length,
        events: life.length,
        rows,
        differences: [],
        violations: []
      })
      assert.deepStrictEqual(progress.at(-1), [life.length, life.length])
      assert.deepStrictEqual(yield* engine.rebuild(), { position: life.length + 1, rows })
    })
  )

  for (const { name, columns } of tables) {
    for (const column of Object.keys(columns)) {
      it.effect(`a changed ${column} of ${name} is found and repaired`, () =>
        Effect.gen(function* () {
          const { door, engine } = yield* lived
          const sound = yield* allRows(door)
          yield* damage(
            door,
            inTable(name, ([first, ...rest]) => (first === undefined ? [] : [changed(first, column), ...rest]))
          )
          yield* expectRepair(door, engine, sound, `${name}.${column}`)
        })
      )
    }

    it.effect(`a missing row of ${name} is found and repaired`, () =>
      Effect.gen(function* () {
        const { door, engine } = yield* lived
        const sound = yield* allRows(door)
        yield* damage(
          door,
          inTable(name, ([, ...rest]) => rest)
        )
        yield* expectRepair(door, engine, sound, name)
      })
    )

    it.effect(`an extra row of ${name} is found and repaired`, () =>
      Effect.gen(function* () {
        const { door, engine } = yield* lived
        const sound = yield* allRows(door)
        const table = tables.find((candidate) => candidate.name === name)
        const key = table?.key[0] ?? ""
        yield* damage(
          door,
          inTable(name, (rows) =>
            [...rows, changed(rows[0] ?? {}, key)].map((row, index, all) =>
              index === all.length - 1 && typeof row[key] === "number" ? { ...row, [key]: 9_999 } : row
            )
          )
        )
        yield* expectRepair(door, engine, sound, name)
      })
    )
  }

  it.effect("name the row, what it is, and what the log makes it", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* lived
      yield* damage(
        door,
        inTable("positions", (rows) => rows.map((row) => (row["location"] === "bin-3" ? { ...row, onHand: 500 } : row)))
      )
      const { differences } = yield* engine.verify()
      assert.strictEqual(differences.length, 1)
      assert.match(
        differences[0] ?? "",
        /^positions bolt \/ bin-3 .* is .*"onHand":500.*, the log makes it .*"onHand":5/
      )
    })
  )

  it.effect("fail with LogGap where an event is missing, and rebuild writes nothing then", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* lived
      yield* engine.close
      const { inner } = door
      for (const lost of [1, 7, life.length]) {
        const lossy = new Door({
          ...inner,
          read: (log, after, limit) =>
            Effect.map(inner.read(log, after, limit), (events) => events.filter(({ position }) => position !== lost))
        })
        const reader = yield* makeEngine(lossy.journal, { sweep: false })
        lossy.takeCalls()
        assert.instanceOf(yield* Effect.flip(reader.verify()), LogGap, `event ${lost}`)
        assert.instanceOf(yield* Effect.flip(reader.rebuild()), LogGap, `event ${lost}`)
        assert.notInclude(lossy.takeCalls(), "replaceRows")
      }
    })
  )

  it.effect("verify is right while commands run, and rebuild never undoes one", () =>
    Effect.gen(function* () {
      const { engine } = yield* stocked()
      const fibers = []
      for (let round = 0; round < 300; round++) {
        fibers.push(yield* start(engine, "receive", { sku: "mug", to: "LDN", quantity: 1 }))
        if (round % 50 === 0) {
          assert.isTrue((yield* engine.verify()).ok)
          const rebuilt = yield* Effect.result(engine.rebuild())
          if (rebuilt._tag === "Failure") assert.strictEqual(rebuilt.failure._tag, "HeadMoved")
        }
      }
      yield* Fiber.joinAll(fibers)
      assert.strictEqual((yield* engine.availability(["mug"], {}))[0]?.onHand, 400)
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("after a rebuild no other engine writes back the rows it remembers", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      const bloated = (row: Row): Row => ({ ...row, ownOnHand: 400, ownFree: 400, onHand: 400 })
      yield* damage(
        door,
        inTable("levels", (rows) => rows.map((row) => (row["location"] === "LDN" ? bloated(row) : row)))
      )
      const other = yield* makeEngine(door.journal, { sweep: false })
      yield* other.submit("reserve", cart("remembers", 1))
      yield* engine.rebuild()
      assert.strictEqual(yield* tagOf(yield* start(other, "reserve", cart("too-many", 100))), "InsufficientStock")
      yield* other.submit("reserve", cart("the-rest", 99))
      assert.isTrue((yield* engine.verify()).ok)
    })
  )

  it.effect("a rebuild in the middle of a batch costs nobody's reservation", () =>
    Effect.gen(function* () {
      const { door, engine } = yield* stocked()
      yield* engine.submit("reserve", cart("r", 10))
      const fresh = yield* makeEngine(door.journal, { sweep: false })
      let rebuilt = false
      door.before = (call) =>
        call === "append" && !rebuilt
          ? Effect.suspend(() => {
              rebuilt = true
              return Effect.ignore(fresh.rebuild())
            })
          : Effect.void
      assert.strictEqual(yield* tagOf(yield* start(fresh, "reserve", cart("r", 20))), "ReservationExists")
      assert.isTrue((yield* fresh.verify()).ok)
      assert.strictEqual((yield* fresh.availability(["mug"], {}))[0]?.reserved, 10)
    })
  )

  it.effect("after a rebuild the engine decides on the repaired rows, not on what it remembered", () =>
    Effect.gen(function* () {
      const { door } = yield* stocked()
      const zeroed = (row: Row): Row => ({ ...row, ownOnHand: 0, ownFree: 0, onHand: 0, childRoom: 0 })
      yield* damage(
        door,
        inTable("levels", (rows) => rows.map(zeroed))
      )
      const fooled = yield* makeEngine(door.journal, { sweep: false })
      assert.strictEqual((yield* Effect.flip(fooled.submit("reserve", cart("a"))))._tag, "InsufficientStock")
      yield* fooled.rebuild()
      assert.strictEqual((yield* fooled.submit("reserve", cart("a"))).reservation, "a")
    })
  )
})
