import { PGlite } from "@electric-sql/pglite"
import { seeded } from "@holdfast/testkit/model"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { PgliteDuplex } from "../src/driver/PgliteDuplex.ts"

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const text = (value: string): Buffer => Buffer.from(`${value}\0`)

/** A message of PostgreSQL's protocol: a type byte, its length, its body. */
const message = (type: string, ...body: ReadonlyArray<Buffer>): Buffer => {
  const all = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), int32(4 + all.length), all])
}

const startupBody = Buffer.concat([
  int32(196_608),
  text("user"),
  text("postgres"),
  text("database"),
  text("template1"),
  Buffer.alloc(1)
])
const startup = Buffer.concat([int32(4 + startupBody.length), startupBody])
const sslRequest = Buffer.concat([int32(8), int32(80_877_103)])
const sync = message("S")
const terminate = message("X")

const simple = (sql: string): Buffer => message("Q", text(sql))

/** Parse, Bind, Describe, Execute with one text parameter, and the Sync that makes the server answer. */
const prepared = (sql: string, value: string): Buffer =>
  Buffer.concat([
    message("P", text(""), text(sql), int16(0)),
    message("B", text(""), text(""), int16(0), int16(1), int32(Buffer.byteLength(value)), Buffer.from(value), int16(0)),
    message("D", Buffer.from("P"), text("")),
    message("E", text(""), int32(0)),
    sync
  ])

/** One group of messages as a client may send them, answers and errors alike. */
const group: fc.Arbitrary<Buffer> = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map((n) => simple(`SELECT ${n} AS n`)),
  fc.integer({ min: 0, max: 3_000 }).map((n) => simple(`SELECT repeat('x', ${n}) AS long; SELECT 2`)),
  fc.string({ maxLength: 40 }).map((value) => prepared("SELECT $1::text AS value", value.replaceAll("\0", ""))),
  fc.integer({ min: 1, max: 30 }).map((n) => prepared("SELECT generate_series(1, $1::text::int)", String(n))),
  fc.constant(simple("SELECT nonsense FROM nowhere")),
  fc.constant(prepared("SELECT $1::text::int", "no number")),
  fc.constant(simple("BEGIN; SELECT 1; ROLLBACK")),
  fc.constant(sync)
)

let database: PGlite

beforeAll(async () => {
  database = await PGlite.create()
})

afterAll(() => database.close())

/** Cuts bytes at the given places. */
const cutAt = (bytes: Buffer, places: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort((a, b) => a - b)
  return ends
    .map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
    .filter(({ length }) => length > 0)
}

/** A client's connection: writes the chunks, each with or without waiting for the one before, until the stream ends. */
const converse = async (chunks: ReadonlyArray<Buffer>, withSsl: boolean): Promise<Buffer> => {
  const duplex = new PgliteDuplex(database)
  const answers: Array<Buffer> = []
  duplex.on("data", (bytes: Buffer) => answers.push(bytes))
  const ended = new Promise<void>((resolve, reject) => {
    duplex.once("end", resolve)
    duplex.once("error", reject)
  })
  if (withSsl) {
    // A client has to wait for this answer before it goes on.
    const refused = new Promise((resolve) => duplex.once("data", resolve))
    duplex.write(sslRequest)
    expect(String(await refused)).toBe("N")
    answers.length = 0
  }
  for (const chunk of chunks) duplex.write(chunk)
  await ended
  return Buffer.concat(answers)
}

/**
 * The messages of an answer, without the process id and secret, and without the settings that the server reports when it
 * sees fit: all connections share one session of PGlite, so they come but once.
 */
const messagesOf = (answer: Buffer): ReadonlyArray<string> => {
  const messages: Array<string> = []
  for (let at = 0; at < answer.length; ) {
    const end = at + 1 + answer.readInt32BE(at + 1)
    const type = String.fromCharCode(answer[at] as number)
    if (type !== "K" && type !== "S") messages.push(type + answer.toString("latin1", at + 5, end))
    at = end
  }
  return messages
}

describe("PgliteDuplex", () => {
  it("gives the same answers however the client's messages are split and merged", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 25 }),
        fc.boolean(),
        async (groups, places, withSsl) => {
          const expected = messagesOf(await converse([startup, ...groups, terminate], false))
          const bytes = Buffer.concat([startup, ...groups])
          const chunked = messagesOf(await converse([...cutAt(bytes, places), terminate], withSsl))
          expect(chunked).toEqual(expected)
          // Ready for the next query: once after the start and once after each group.
          expect(expected.filter((answer) => answer.startsWith("Z"))).toHaveLength(1 + groups.length)
        }
      ),
      seeded(60)
    )
  })

  it("works when every byte comes alone", async () => {
    const groups = [simple("SELECT 1"), prepared("SELECT $1::text", "é")]
    const bytes = Buffer.concat([startup, ...groups, terminate])
    const alone = [...bytes].map((byte) => Buffer.from([byte]))
    expect(messagesOf(await converse(alone, true))).toEqual(
      messagesOf(await converse([startup, ...groups, terminate], false))
    )
  })

  it("answers what was asked before the client says goodbye, also when both come in one chunk", async () => {
    const separately = messagesOf(await converse([startup, simple("SELECT 7 AS n"), terminate], false))
    const together = messagesOf(await converse([startup, Buffer.concat([simple("SELECT 7 AS n"), terminate])], false))
    expect(together).toEqual(separately)
    expect(await database.query("SELECT 1 AS one")).toMatchObject({ rows: [{ one: 1 }] })
  })
})
