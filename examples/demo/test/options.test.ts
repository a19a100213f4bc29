import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { NoRun, parseOptions } from "../src/options.ts"

/** Parses, and gives what was written and the exit code if there is to be no run. */
const parse = (...args: ReadonlyArray<string>) => {
  let out = ""
  let err = ""
  try {
    const options = parseOptions(
      args,
      (text) => {
        out += text
      },
      (text) => {
        err += text
      }
    )
    return { options, out, err }
  } catch (error) {
    if (!(error instanceof NoRun)) throw error
    return { code: error.exitCode, out, err }
  }
}

describe("flags", () => {
  it.each([
    ["a buyer count that is no number", ["--buyers", "many"], "whole number from 1"],
    ["no buyers", ["--buyers", "0"], "whole number from 1"],
    ["more buyers than commands can wait", ["--buyers", "100000"], "whole number from 1 to"],
    ["half a unit", ["--stock", "0.5"], "whole number from 1"],
    ["negative stock", ["--stock=-1"], "whole number from 1"],
    ["an exponent", ["--stock", "1e3"], "whole number from 1"],
    ["more stock than fits", ["--stock", "1152921504606846976"], "whole number from 1"],
    ["a seed that is a word", ["--seed", "x"], "whole number from 0"],
    ["a file that is not there", ["--orders", "no-such-file.csv"], "There is no such file"],
    ["a folder for a file", ["--orders", "."], "It is not a file"],
    ["a url without its protocol", ["--url", "localhost:5432"], "postgres://user"],
    ["a url of another database", ["--url", "mysql://localhost/x"], "postgres://user"],
    ["a url that is none", ["--url", "postgres://[::"], "postgres://user"],
    ["a file for a folder", ["--data", fileURLToPath(import.meta.url)], "It is not a folder"],
    ["an empty folder name", ["--data", ""], "must name a folder"],
    ["a url and a folder", ["--url", "postgres://localhost/x", "--data", "y"], "cannot be used with"],
    ["a flag without its value", ["--buyers"], "argument missing"],
    ["an unknown flag", ["--bogus"], "unknown option"],
    ["an argument too many", ["orders.csv"], "too many arguments"]
  ])("%s: a message and exit code 2", (_what, args, message) => {
    const { code, out, err } = parse(...args)
    expect({ code, out }).toEqual({ code: 2, out: "" })
    expect(err).toContain(message)
  })
  it("help names every flag and is no failure", () => {
    const { code, out } = parse("--help")
    expect(code).toBe(0)
    for (const flag of ["--orders", "--url", "--data", "--buyers", "--stock", "--seed"]) expect(out).toContain(flag)
  })
  it("have defaults, and a seed drawn anew", () => {
    const { options } = parse()
    expect(options).toMatchObject({ data: ".holdfast-demo", buyers: 64, stock: 400 })
    expect(options?.orders).toBeUndefined()
    expect(options?.url).toBeUndefined()
    expect(parse().options?.seed).not.toBe(options?.seed)
  })
  it("are taken as given", () => {
    expect(parse("--url", "postgres://u:p@h/d", "--buyers", "7", "--stock", "9", "--seed", "0").options).toMatchObject({
      url: "postgres://u:p@h/d",
      buyers: 7,
      stock: 9,
      seed: 0
    })
  })
})
