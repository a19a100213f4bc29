/**
 * Identifiers and short texts, and the limits on them.
 *
 * Ids are opaque, case-sensitive and immutable. Control characters are refused everywhere: a NUL cannot be stored by
 * PostgreSQL, and the rest turn labels, logs and composite keys into riddles.
 */
import { Schema } from "effect"

/** Longest id, code or reason, in UTF-16 code units. */
export const idLengthMax = 200

/** And in bytes of UTF-8: six ids make the longest key, which PostgreSQL indexes up to 2,704 bytes. */
export const idBytesMax = 400

const bytesOf = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}

const printable = Schema.makeFilter<string>((text) => {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit === 0x7f) return "must not contain control characters"
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = text.charCodeAt(i + 1)
      if (unit >= 0xdc00 || !(next >= 0xdc00 && next <= 0xdfff)) return "must be well-formed Unicode"
      i++
    }
  }
  return text.trim() === text ? undefined : "must not start or end with white space"
})

/** A non-empty text of at most {@link idLengthMax} characters, without control characters or surrounding white space. */
export const Id = Schema.String.check(
  Schema.makeFilter((text: string) => (text.length > 0 ? undefined : "must not be empty")),
  Schema.makeFilter((text: string) =>
    text.length <= idLengthMax ? undefined : `must be at most ${idLengthMax} characters long, got ${text.length}`
  ),
  printable,
  Schema.makeFilter((text: string) =>
    text.length > idLengthMax || bytesOf(text) <= idBytesMax
      ? undefined
      : `must be at most ${idBytesMax} bytes long in UTF-8, got ${bytesOf(text)}`
  )
)

/** Joins the parts of a composite key. No id can contain it. */
export const keySeparator = "\u0000"

const decodeId = Schema.decodeUnknownResult(Id)

/** What is wrong with an id that came from outside; nothing when it is one. */
export const idProblem = (id: unknown): string | undefined =>
  typeof id !== "string" ? "must be a string" : decodeId(id)._tag === "Success" ? undefined : describeId(id)

const describeId = (id: string): string =>
  id.length === 0
    ? "must not be empty"
    : id.length > idLengthMax
      ? `must be at most ${idLengthMax} characters long, got ${id.length}`
      : bytesOf(id) > idBytesMax
        ? `must be at most ${idBytesMax} bytes long in UTF-8, got ${bytesOf(id)}`
        : "must be well-formed text without control characters or surrounding white space"
