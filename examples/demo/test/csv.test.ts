import { gzipSync } from "node:zlib"
import { linesMax } from "@holdfast/core/domain"
import { describe, expect, it } from "vitest"
import { lineBytesMax } from "../src/orders/lines.ts"
import { readCsv } from "./support.ts"

const header = "order_id,sku,quantity\n"

/** Line and reason of every bad row. */
const reasons = async (content: string | Uint8Array) => {
  const { bad } = await readCsv(content)
  return bad.map(({ line, reason }) => `${line}: ${reason}`)
}

/** Orders as short texts: `A[x×1 y×2]`. */
const orders = async (content: string | Uint8Array) => {
  const read = await readCsv(content)
  return read.orders.map(
    ({ id, lines }) => `${id}[${lines.map(({ sku, quantity }) => `${sku}×${quantity}`).join(" ")}]`
  )
}

describe("a bad row is reported with its line and reason, and its neighbours still count", () => {
  const cases: ReadonlyArray<readonly [what: string, row: string, reason: string]> = [
    ["an empty order id", ",x,1", "order_id is missing"],
    ["an empty SKU", "A,,1", "sku is missing"],
    ["an empty quantity", "A,x,", "quantity is missing"],
    ["a quantity of zero", "A,x,0", "quantity is zero"],
    ["a negative quantity", "A,x,-1", "quantity is negative"],
    ["a fractional quantity", "A,x,1.5", "quantity is fractional"],
    ["NaN", "A,x,NaN", "quantity is not a number"],
    ["a word", "A,x,many", "quantity is not a number"],
    ["Infinity", "A,x,Infinity", "quantity is too large"],
    ["2^60", "A,x,1152921504606846976", "quantity is too large"],
    ["2^53", "A,x,9007199254740992", "quantity is too large"],
    ["an exponent", "A,x,1e3", "quantity is not written as a whole number"],
    ["hexadecimal", "A,x,0x10", "quantity is not written as a whole number"],
    ["a SKU of 201 characters", `A,${"s".repeat(201)},1`, "sku is too long"],
    ["a SKU of 50,000 characters", `A,${"s".repeat(50_000)},1`, "sku is too long"],
    ["an order id of 161 characters", `${"o".repeat(161)},x,1`, "order_id is too long"],
    ["a line beyond every limit", `A,${"s".repeat(lineBytesMax)},1`, "the line is too long"],
    ["a NUL in a SKU", "A,x\u0000y,1", "sku has control characters"],
    ["an escape sequence in a SKU", "A,\u001b[31mx,1", "sku has control characters"],
    ["a C1 control in an order id", "A\u009b31m,x,1", "order_id has control characters"],
    ["a quote that is never closed", 'A,"x,1', "a quote is not closed"],
    ["text after a closing quote", 'A,"x"y,1', "a quote stands in the wrong place"],
    ["a quote in mid-field", 'A,x"y,1', "a quote stands in the wrong place"],
    ["too few columns", "A,x", "wrong number of columns"],
    ["too many columns", "A,x,1,1", "wrong number of columns"],
    ["a blank line in between", "", "the line is blank"],
    ["a line of spaces in between", "   ", "the line is blank"]
  ]
  it.each(cases)("%s", async (_what, row, reason) => {
    const content = `${header}A,before,1\n${row}\nA,after,2\n`
    expect(await reasons(content)).toEqual([`3: ${reason}`])
    expect(await orders(content)).toEqual(["A[before×1 after×2]"])
  })

  it("text that is not UTF-8", async () => {
    const content = Buffer.concat([
      Buffer.from(`${header}A,before,1\nA,`),
      Buffer.from([0xe4]),
      Buffer.from(",1\nA,after,2\n")
    ])
    expect(await reasons(content)).toEqual(["3: the line is not UTF-8"])
    expect(await orders(content)).toEqual(["A[before×1 after×2]"])
  })

  it("a quoted field over two lines is two bad rows, not a swallowed file", async () => {
    const content = `${header}A,"x\ny",1\nB,z,1\n`
    expect(await reasons(content)).toEqual(["2: a quote is not closed", "3: a quote stands in the wrong place"])
    expect(await orders(content)).toEqual(["B[z×1]"])
  })

  it("the first twenty are kept in full, and all are counted by reason", async () => {
    const { bad, total } = await readCsv(`${header}${"A,x,0\n".repeat(30)}A,x,1\n`)
    expect(bad.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2))
    expect(total).toBe(30)
  })

  it("what a bad row says is shown without anything that steers a terminal", async () => {
    const { bad } = await readCsv(`${header}A,\u001b[31mx\u009b,1\n`)
    expect(bad[0]?.detail).toBe('"\\u001b[31mx?"')
  })
})

describe("what is unusual and not wrong is read", () => {
  it.each([
    ["a byte order mark", `\ufeff${header}A,x,1\n`],
    ["CRLF", "order_id,sku,quantity\r\nA,x,1\r\n"],
    ["no newline at the end", `${header}A,x,1`],
    ["blank lines at the end", `${header}A,x,1\n\n\r\n\n`],
    ["quoted fields", `"order_id","sku","quantity"\n"A","x","1"\n`],
    ["spaces around fields", "order_id, sku , quantity\nA , x, 1\n"],
    ["columns in another order", "quantity,order_id,sku\n1,A,x\n"]
  ])("%s", async (_what, content) => {
    expect(await reasons(content)).toEqual([])
    expect(await orders(content)).toEqual(["A[x×1]"])
  })

  it("a SKU with a space, a comma or a quote in it", async () => {
    expect(await orders(`${header}A,CARRIAGE 1,1\nA,"x,y",1\nA,"say ""hi""",1\n`)).toEqual([
      'A[CARRIAGE 1×1 x,y×1 say "hi"×1]'
    ])
  })
})

describe("headers", () => {
  it("a file without one is read by position, and that is said", async () => {
    expect(await reasons("A,x,1\nA,y,2\n")).toEqual(["1: the header is missing"])
    expect(await orders("A,x,1\nA,y,2\n")).toEqual(["A[x×1 y×2]"])
  })
  it("other columns make every row unusable, rather than be guessed at", async () => {
    expect(await reasons("InvoiceNo,StockCode,Price\nA,x,1\nB,y,2\n")).toEqual([
      "1: the header has other columns",
      "2: the header does not say what the columns are",
      "3: the header does not say what the columns are"
    ])
    expect(await orders("InvoiceNo,StockCode,Price\nA,x,1\n")).toEqual([])
  })
  it("a column named twice is no header of ours", async () => {
    expect(await reasons("order_id,sku,quantity,sku\n")).toEqual(["1: the header has other columns"])
  })
  it.each([
    ["nothing", ""],
    ["a byte order mark", "\ufeff"],
    ["blank lines", "\n\n"]
  ])("a file of %s has no rows", async (_what, content) => {
    expect(await reasons(content)).toEqual(["1: the file has no rows"])
  })
  it("a header alone is a file without orders and without mistakes", async () => {
    expect(await readCsv(header)).toMatchObject({ orders: [], total: 0 })
  })
})

describe("orders", () => {
  it("consecutive rows of one id are one order; an id that comes back is a further one", async () => {
    expect(await orders(`${header}A,x,1\nA,y,1\nB,x,1\nA,x,1\n`)).toEqual(["A[x×1 y×1]", "B[x×1]", "A[x×1]"])
  })
  it("no two orders of a file share their number", async () => {
    const { orders: read } = await readCsv(`${header}A,x,1\nB,x,1\nA,x,1\n`)
    expect(new Set(read.map(({ number }) => number)).size).toBe(3)
  })
  it("a SKU named twice stays on two lines", async () => {
    expect(await orders(`${header}A,x,1\nA,x,2\n`)).toEqual(["A[x×1 x×2]"])
  })
  it("an order beyond the engine's limit continues as a further order, and that is said", async () => {
    const read = await readCsv(`${header}${"A,x,1\n".repeat(linesMax + 1)}B,x,1\n`)
    expect(read.orders.map(({ id, lines }) => [id, lines.length])).toEqual([
      ["A", linesMax],
      ["A#2", 1],
      ["B", 1]
    ])
    expect(read.notes).toHaveLength(1)
  })
})

describe("at", () => {
  const dated = "order_id,sku,quantity,at\n"
  it("dates the order, in UTC unless it says otherwise", async () => {
    const { orders: read, total } = await readCsv(
      `${dated}A,x,1,2010-12-01T08:26:00Z\nB,x,1,2010-12-01 08:26\nC,x,1,2010-12-01T09:26:00+01:00\nD,x,1,\n`
    )
    const instant = Date.UTC(2010, 11, 1, 8, 26)
    expect(read.map(({ effectiveAt }) => effectiveAt)).toEqual([instant, instant, instant, undefined])
    expect(total).toBe(0)
  })
  it.each(["yesterday", "2010-13-01", "2011-02-30", "2010-12-01T25:00Z", "12/1/2010 8:26", "1291191960000"])(
    "%s is a bad row",
    async (at) => {
      expect(await reasons(`${dated}A,x,1,${at}\n`)).toEqual(["2: at is not an ISO 8601 instant"])
    }
  )
})

describe("gzip", () => {
  /** Rows that do not compress well, so that there is something to cut. */
  const rows = Array.from({ length: 20_000 }, (_, index) => `O${index},sku-${Math.imul(index, 2_654_435_761) >>> 0},1`)
  const packed = gzipSync(header + rows.join("\n"))

  it("is read whole, whatever the file is called", async () => {
    const { orders: read, total } = await readCsv(packed)
    expect([read.length, total]).toEqual([rows.length, 0])
  })
  it("two members in a row are one file", async () => {
    expect(await orders(Buffer.concat([gzipSync(`${header}A,x,1\n`), gzipSync("B,y,2\n")]))).toEqual([
      "A[x×1]",
      "B[y×2]"
    ])
  })
  it("truncated, it gives every whole row it holds, none that is cut, and says so", async () => {
    const { orders: read, bad } = await readCsv(packed.subarray(0, packed.length >> 1))
    expect(read.length).toBeGreaterThan(rows.length / 3)
    expect(read.map(({ id, lines }) => `${id},${lines[0]?.sku},1`)).toEqual(rows.slice(0, read.length))
    expect(bad.map(({ line, reason }) => [line, reason])).toEqual([[read.length + 2, "the gzip data is truncated"]])
  })
  it("damaged in the middle, it gives what comes before and says so", async () => {
    const damaged = Buffer.from(packed)
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 2_000)
    const { orders: read, byReason } = await readCsv(damaged)
    const before = read.findIndex(({ id }, index) => id !== `O${index}`)
    expect(before).toBeGreaterThan(rows.length / 3)
    expect([...byReason.keys()].filter((reason) => reason.startsWith("the gzip data is damaged"))).toHaveLength(1)
  })
  it("cut within its first bytes, it is reported and not fatal", async () => {
    for (const bytes of [2, 5, 10, 12]) {
      expect(await reasons(packed.subarray(0, bytes))).toEqual(["1: the gzip data is truncated"])
    }
  })
})
