/**
 * What the demo itself knows about the stock: kept from what was sent and what was answered, never from the inventory's
 * own figures, so that the two can be compared.
 */

/** Units of one SKU. */
export interface SkuBook {
  received: number
  shipped: number
  returned: number
  /** What counts found too much (or, negative, too little). */
  counted: number
  held: number
  /** Claimed firmly and not shipped. */
  waiting: number
  /** Promised by a reservation that then could not be confirmed: sold twice. */
  broken: number
  /** Lines that asked for it. */
  wanted: number
  /** Orders refused because of it. */
  refused: number
}

/** Books by SKU. Memory grows with the number of SKUs, not with that of orders. */
export class Books {
  readonly skus = new Map<string, SkuBook>()

  of(sku: string): SkuBook {
    let book = this.skus.get(sku)
    if (book === undefined) {
      book = { received: 0, shipped: 0, returned: 0, counted: 0, held: 0, waiting: 0, broken: 0, wanted: 0, refused: 0 }
      this.skus.set(sku, book)
    }
    return book
  }

  /** SKUs that stock was received of. */
  stocked(): ReadonlyArray<string> {
    return [...this.skus].filter(([, book]) => book.received > 0).map(([sku]) => sku)
  }

  /** The SKU in stock once that most orders were refused for; without refusals, the one most asked for. */
  mostContested(): string | undefined {
    let most: readonly [string, SkuBook] | undefined
    for (const entry of this.skus) {
      const [, book] = entry
      if (book.received === 0) continue
      if (
        most === undefined ||
        book.refused > most[1].refused ||
        (book.refused === most[1].refused && book.wanted > most[1].wanted)
      ) {
        most = entry
      }
    }
    return most?.[0]
  }
}

/** The inventory's own figures for one SKU, as far as they are compared. */
export interface Figures {
  readonly sku: string
  readonly onHand: number
  readonly held: number
  readonly reserved: number
  readonly allocated: number
}

/** What the comparison found. */
export interface Audit {
  /** Units that were promised or shipped and never there. */
  readonly oversold: number
  /** Sentences about figures that differ from the books. */
  readonly differences: ReadonlyArray<string>
}

/**
 * Compares answers with what was received, and both with the inventory's figures. `settled` says that no soft claim can
 * be alive any more: then nothing may be reserved, or an expiry was not honoured.
 */
export const auditBooks = (books: Books, figures: Iterable<Figures>, settled: boolean): Audit => {
  const differences: Array<string> = []
  let oversold = 0
  for (const { sku, onHand, held, reserved, allocated } of figures) {
    const book = books.of(sku)
    const stock = book.received - book.shipped + book.returned + book.counted
    oversold += book.broken + Math.max(0, -stock, -onHand, held + reserved + allocated - onHand)
    const compare = (what: string, shown: number, known: number) => {
      if (shown !== known) differences.push(`${sku}: ${what} is ${shown}, the answers add up to ${known}`)
    }
    compare("on hand", onHand, stock)
    compare("held", held, book.held)
    compare("allocated", allocated, book.waiting)
    if (settled) compare("reserved", reserved, 0)
  }
  return { oversold, differences }
}
