/** The documentation as data: pages, their fenced blocks, headings and links. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

export const root = join(import.meta.dirname, "../../..")

/** A fenced block. */
export interface Block {
  /** `ts`, `sql`, `text`, … */
  readonly language: string
  /** What follows the language on the opening line, such as `run`. */
  readonly use: string
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: ReadonlyArray<Block>
  /** The page without its fenced blocks. */
  readonly prose: string
}

const patterns = ["*.md", "docs/**/*.md", "packages/*/README.md"]

const notPages = /node_modules|CHANGELOG/

const blocksOf = (text: string): ReadonlyArray<Block> =>
  [...text.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? "",
    use: match[2] ?? "",
    text: match[3] ?? "",
    line: text.slice(0, match.index).split("\n").length
  }))

/** One page. */
export const page = (path: string): Page => {
  const text = readFileSync(join(root, path), "utf8")
  return { path, text, blocks: blocksOf(text), prose: text.replaceAll(/^```[\s\S]*?^```$/gm, "") }
}

/** Every page of the documentation. */
export const pages = (): ReadonlyArray<Page> =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !notPages.test(path))
    .sort()
    .map(page)

/** A heading as an anchor, the way GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-")

/** The anchors of a page. */
export const anchorsOf = ({ prose }: Page): ReadonlySet<string> =>
  new Set([...prose.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? "")))

/** The text under a heading, up to the next one of the same level or above; `undefined` when there is none. */
export const section = ({ text }: Page, heading: string): string | undefined => {
  const lines = text.split("\n")
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading)
  if (from < 0) return undefined
  const level = (lines[from] ?? "").indexOf(" ")
  const length = lines.slice(from + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line))
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join("\n")
}

/** The rows of the tables in a text, cell by cell, without heads and rules. */
export const rowsOf = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").flatMap((line, index, lines) =>
    line.startsWith("|") && !/^\|[-| :]+\|$/.test(line) && !/^\|[-| :]+\|$/.test(lines[index + 1] ?? "")
      ? [
          line
            .slice(1, -1)
            .split(/(?<!\\)\|/)
            .map((cell) => cell.trim())
        ]
      : []
  )

/** What a cell or sentence names in backticks. */
export const codeIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "")
