/** The modules that a file asks for, with their places in its text (the quotes included). */
import { parseSync, Visitor } from "oxc-parser"

export interface Request {
  readonly specifier: string
  readonly start: number
  readonly end: number
}

export const requestsOf = (file: string, text: string): ReadonlyArray<Request> => {
  const { module, program } = parseSync(file, text)
  const found = [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)].flatMap(
    ({ moduleRequest }) => (moduleRequest === null ? [] : [{ ...moduleRequest, specifier: moduleRequest.value }])
  )
  const add = ({ end, start, value }: { end: number; start: number; value: unknown }) => {
    if (typeof value === "string") found.push({ specifier: value, value, start, end })
  }
  new Visitor({
    TSImportType: ({ source }) => add(source),
    ImportExpression: ({ source }) => {
      if (source.type === "Literal") add(source)
    }
  }).visit(program)
  // An `export { a, b } from "c"` asks once for every name.
  return [...new Map(found.map(({ end, specifier, start }) => [start, { specifier, start, end }])).values()]
}
