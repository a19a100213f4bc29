/** The border of the domain: unknown input to commands, stored JSON to events. */
import { Data, Result, Schema, SchemaIssue } from "effect"
import type { Command, EventBody, EventDefinition } from "./model/Definition.ts"
import { type CommandName, commands } from "./registry.ts"
import { events } from "./registry.ts"

/** Input that is no command: the field at fault, as a path such as `lines.0.quantity`, and why. Nothing was done. */
export class InvalidCommand extends Data.TaggedError("InvalidCommand")<{
  readonly command: string
  /** `""` when the input as a whole is no object. */
  readonly field: string
  readonly reason: string
}> {
  override get message() {
    return this.field === ""
      ? `${this.command}: the input ${this.reason}`
      : `${this.command}: ${this.field} ${this.reason}`
  }
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

type Decode = (input: unknown) => Result.Result<object, { readonly issue: SchemaIssue.Issue }>
type Check = (command: object) => readonly [string, string] | undefined

const decoders = new Map<string, { readonly decode: Decode; readonly check: Check | undefined }>(
  Object.entries(commands).map(([name, definition]) => [
    name,
    {
      decode: Schema.decodeUnknownResult(definition.schema as unknown as Schema.Codec<object, object>, {
        onExcessProperty: "error"
      }) as unknown as Decode,
      check: (definition as { check?: Check }).check
    }
  ])
)

/** Turns unknown input into a command, or says which field is wrong and why. */
export const decodeCommand = (name: CommandName, input: unknown): Result.Result<Command, InvalidCommand> => {
  const decoder = decoders.get(name)
  if (decoder === undefined) {
    return Result.fail(
      new InvalidCommand({ command: String(name), field: "", reason: "is no command of this inventory" })
    )
  }
  let decoded: ReturnType<Decode>
  try {
    decoded = decoder.decode(input)
  } catch {
    // A getter or a proxy of the caller's threw.
    return Result.fail(new InvalidCommand({ command: name, field: "", reason: "could not be read" }))
  }
  if (Result.isFailure(decoded)) return Result.fail(invalid(name, decoded.failure))
  const broken = decoder.check?.(decoded.success)
  if (broken !== undefined) {
    return Result.fail(new InvalidCommand({ command: name, field: broken[0], reason: broken[1] }))
  }
  return Result.succeed({ ...decoded.success, type: name })
}

const invalid = (command: string, failure: unknown): InvalidCommand => {
  const issue = (failure as { readonly issue?: SchemaIssue.Issue }).issue ?? (failure as SchemaIssue.Issue)
  const first = format(issue).issues[0]
  const field = (first?.path ?? [])
    .map((segment) => String(typeof segment === "object" ? segment.key : segment))
    .join(".")
  return new InvalidCommand({
    command,
    field: field.slice(0, 200),
    reason: readableReason(first?.message ?? "is not valid")
  })
}

/** The schema library's own sentences, turned into the end of "field …". */
const readableReason = (message: string): string =>
  message === "Missing key"
    ? "is missing"
    : message === "Expected no excess property"
      ? "is not a field of this command"
      : message.startsWith("Expected ")
        ? `must be ${message.slice("Expected ".length)}`
        : message

type ReadEvent = (stored: { readonly version: number; readonly data: unknown }) => EventBody

/** How the stored versions of one kind of event are read: each by its own schema, then step by step to the present one. */
export const eventReader = (definition: EventDefinition<never>): ReadEvent => {
  const decoders = definition.versions.map((schema) => Schema.decodeUnknownSync(schema))
  return (stored) => {
    const decode = decoders[stored.version - 1]
    if (decode === undefined) {
      throw new Error(`version ${stored.version} of ${definition.type} is newer than this version of Holdfast`)
    }
    let data: unknown = decode(stored.data)
    for (const upcast of definition.upcasts.slice(stored.version - 1)) data = upcast(data)
    return { type: definition.type, version: definition.versions.length, data }
  }
}

const readers = new Map(events.map((definition) => [definition.type, eventReader(definition)]))

/**
 * Reads a stored event of any version ever written and brings it to the present one. Throws on data that no version
 * describes: a log that cannot be read must be an alarm.
 */
export const decodeEvent = (stored: {
  readonly type: string
  readonly version: number
  readonly data: unknown
}): EventBody => {
  const read = readers.get(stored.type)
  if (read === undefined) throw new Error(`unknown event type ${stored.type}`)
  return read(stored)
}
