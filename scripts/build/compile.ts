/** From `src` to `dist`: JavaScript by tsup, declarations by tsc. */
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { build } from "tsup"
import { type Package, root } from "./packages.ts"
import { requestsOf } from "./requests.ts"
import { tsc } from "./run.ts"

/** `./dist/effect/index.js` is made from the source of its entry under the name `effect/index`. */
const outputName = (file: string): string => file.replace(/^\.\/dist\//, "").replace(/\.js$/, "")

export const compile = async ({ exports, folder }: Package): Promise<void> => {
  rmSync(join(folder, "dist"), { recursive: true, force: true })
  await build({
    config: false,
    silent: true,
    dts: false,
    format: "esm",
    platform: "node",
    target: "node22",
    splitting: true,
    removeNodeProtocol: false,
    sourcemap: true,
    outDir: join(folder, "dist"),
    entry: Object.fromEntries(
      Object.values(exports).map((entry) => [outputName(entry.default), join(folder, entry["holdfast-source"])])
    ),
    // Nothing but the package's own sources goes into its files.
    external: [/^[^./]/],
    esbuildOptions: (options) => {
      options.absWorkingDir = folder
    }
  })
  declare(folder)
  for (const file of globSync("dist/**/*.d.ts", { cwd: folder })) nameOutputs(join(folder, file))
}

/** Other packages are seen as a host sees them, by their declarations: they have to be built before. */
const declare = (folder: string): void => {
  const settings = join(folder, "dist/tsconfig.json")
  const configuration = {
    extends: join(relative(join(folder, "dist"), root), "tsconfig.json").replaceAll("\\", "/"),
    compilerOptions: {
      customConditions: [],
      noEmit: false,
      declaration: true,
      declarationMap: true,
      emitDeclarationOnly: true,
      rootDir: "../src",
      outDir: "."
    },
    include: ["../src"],
    exclude: []
  }
  writeFileSync(settings, JSON.stringify(configuration))
  tsc(["-p", settings], folder)
  rmSync(settings)
}

/** Lets a declaration name the published files. The compiler leaves the names of the sources in declarations; both are equally long. */
const nameOutputs = (file: string): void => {
  let text = readFileSync(file, "utf8")
  for (const { end, specifier, start } of requestsOf(file, text)) {
    if (!/^\..*\.ts$/.test(specifier)) continue
    text = `${text.slice(0, start)}${JSON.stringify(specifier.replace(/\.ts$/, ".js"))}${text.slice(end)}`
  }
  writeFileSync(file, text)
}
