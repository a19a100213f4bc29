/** The examples of the documentation run as they stand, and print what the page says they print. */
import { describe, expect, it, onTestFinished } from "vitest"
import { checkTypes, makeFolder, promisedOutput, runnable, runPage } from "./support/examples.ts"
import { pages } from "./support/markdown.ts"

const all = pages()

/** Its blocks are pieces of a file that the page takes apart. */
const inPieces = new Set(["docs/writing-an-adapter.md"])

const ownFolder = (): string => {
  const { folder, remove } = makeFolder()
  onTestFinished(remove)
  return folder
}

describe("the examples", () => {
  it("are there", () => {
    expect(all.flatMap(runnable).length).toBeGreaterThan(10)
  })

  it("each say whether they run or only have to compile", () => {
    const unsaid = all
      .filter(({ path }) => !inPieces.has(path))
      .flatMap(({ path, blocks }) =>
        blocks
          .filter(({ language, use }) => language === "ts" && use !== "run" && use !== "check")
          .map(({ line }) => `${path}:${line}`)
      )
    expect(unsaid).toEqual([])
  })

  it("compile under strict settings", async () => {
    expect(await checkTypes(ownFolder(), all)).toEqual({ code: 0, output: "", errors: "" })
  })

  it.each(all.filter((page) => runnable(page).length > 0).map((page) => [page.path, page] as const))(
    "of %s run and print what it says",
    async (_, page) => {
      const { code, errors, printed } = await runPage(ownFolder(), page)
      expect({ code, errors }).toEqual({ code: 0, errors: "" })
      for (const [index, block] of runnable(page).entries()) {
        const promised = promisedOutput(page, block)
        if (promised !== undefined)
          expect(`line ${block.line}\n${printed[index]}`).toBe(`line ${block.line}\n${promised}`)
      }
    }
  )
})
