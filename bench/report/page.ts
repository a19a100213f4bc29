/** Puts the figures of a run into the page about performance, between two marks. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

const begin = "<!-- figures -->"
const end = "<!-- end of figures -->"

/** The page with other figures. */
export const putFigures = (page: string, figures: string): string => {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the page lacks the marks ${begin} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n\`\`\`text\n${figures}\n\`\`\`\n${page.slice(to)}`
}

/** Rewrites `docs/performance.md`. */
export const updatePage = async (figures: string): Promise<void> => {
  const file = join(import.meta.dirname, "..", "..", "docs", "performance.md")
  await writeFile(file, putFigures(await readFile(file, "utf8"), figures))
}
