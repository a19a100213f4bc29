import { describe, expect, it } from "vitest"
import { auditBooks, Books } from "../src/books.ts"

/** Books of one SKU: 10 received, 4 shipped, 2 waiting, 1 on hold. */
const someBooks = () => {
  const books = new Books()
  Object.assign(books.of("x"), { received: 10, shipped: 4, waiting: 2, held: 1 })
  return books
}
const truth = { sku: "x", onHand: 6, held: 1, reserved: 0, allocated: 2 }

describe("the audit", () => {
  it("is content when the inventory's figures are the sum of its answers", () => {
    expect(auditBooks(someBooks(), [truth], true)).toEqual({ oversold: 0, differences: [] })
  })
  it("counts units that were shipped and never received", () => {
    const books = someBooks()
    books.of("x").shipped = 13
    expect(auditBooks(books, [{ ...truth, onHand: -3 }], true).oversold).toBeGreaterThanOrEqual(3)
  })
  it("does not believe a figure that hides it", () => {
    const books = someBooks()
    books.of("x").shipped = 13
    expect(auditBooks(books, [{ ...truth, onHand: 3, held: 0, allocated: 0 }], true).oversold).toBe(3)
  })
  it("counts claims that outgrow the stock", () => {
    expect(auditBooks(someBooks(), [{ ...truth, reserved: 5 }], false).oversold).toBe(2)
  })
  it("counts promises that could not be kept", () => {
    const books = someBooks()
    books.of("x").broken = 2
    expect(auditBooks(books, [truth], true).oversold).toBe(2)
  })
  it.each(["onHand", "held", "reserved", "allocated"] as const)("notices %s being off by one", (field) => {
    expect(auditBooks(someBooks(), [{ ...truth, [field]: truth[field] + 1 }], true).differences).toHaveLength(1)
  })
  it("lets soft claims be while some may still be alive", () => {
    expect(auditBooks(someBooks(), [{ ...truth, reserved: 1 }], false).differences).toEqual([])
  })
})
