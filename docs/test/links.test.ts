/** Links lead somewhere, and evidence that a page names exists. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, it } from "vitest"
import { anchorsOf, page, pages, root } from "./support/markdown.ts"

const all = pages()

/** Relative links of a page, without their titles. */
const linksOf = (prose: string): ReadonlyArray<string> =>
  [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "").filter((link) => !/^[a-z]+:/.test(link))

describe("links", () => {
  it.each(all.map(({ path }) => path))("of %s lead to files and headings that exist", (path) => {
    const broken = linksOf(page(path).prose).filter((link) => {
      const [file = "", anchor] = link.split("#")
      const target = file === "" ? path : normalize(join(dirname(path), file))
      if (target.startsWith("..") || !existsSync(join(root, target))) return true
      return anchor !== undefined && target.endsWith(".md") && !anchorsOf(page(target)).has(anchor)
    })
    expect(broken).toEqual([])
  })

  it("reach every page from the README", () => {
    const reached = new Set<string>()
    const follow = (path: string): void => {
      if (reached.has(path)) return
      reached.add(path)
      for (const link of linksOf(page(path).prose)) {
        const target = normalize(join(dirname(path), link.split("#")[0] ?? ""))
        if (target.endsWith(".md")) follow(target)
      }
    }
    follow("README.md")
    expect(all.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([])
  })
})

describe("files that pages name in passing", () => {
  it.each(all.map(({ path }) => path))("%s: exist in the repository, or below core's sources", (path) => {
    const named = [...page(path).text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.ts)`/g)].map((match) => match[1] ?? "")
    const bases = ["", "packages", "packages/core/src", "packages/adapter-postgres"]
    expect(named.filter((file) => !bases.some((base) => existsSync(join(root, base, file))))).toEqual([])
  })
})

/** Evidence: `- [path](link): "title of a test"`, with several titles separated by `; `. */
const evidenceOf = (text: string) =>
  [...text.matchAll(/^- \[[^\]]+\]\(([^)]+\.ts)\): (".+")$/gm)].map((match) => ({
    file: match[1] ?? "",
    titles: (match[2] ?? "").slice(1, -1).split('"; "')
  }))

describe("evidence", () => {
  const laws = all.filter(({ path }) => /^docs\/laws\/\d/.test(path))

  it("is on every page of a law", () => {
    expect(laws.length).toBeGreaterThan(0)
    expect(laws.filter(({ text }) => evidenceOf(text).length === 0).map(({ path }) => path)).toEqual([])
  })

  it.each(all.filter(({ text }) => evidenceOf(text).length > 0).map(({ path }) => path))(
    "named by %s are tests of that title",
    (path) => {
      const missing = evidenceOf(page(path).text).flatMap(({ file, titles }) => {
        const source = readFileSync(join(root, dirname(path), file), "utf8")
        return titles.filter((title) => !source.includes(title)).map((title) => `${file}: ${title}`)
      })
      expect(missing).toEqual([])
    }
  )
})
