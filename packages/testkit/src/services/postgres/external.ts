/** PostgreSQL servers whose processes are not ours. */
import { runProgram } from "../processes.ts"
import { Databases, statement } from "./admin.ts"
import type { PostgresService } from "./PostgresService.ts"

/** The server at a url. */
export const serverAt = async (url: string, where: string, stop: () => Promise<unknown>): Promise<PostgresService> => {
  const [version] = await statement<{ server_version: string }>(url, "SHOW server_version")
  const databases = new Databases(url)
  return {
    url,
    source: `${version?.server_version ?? "?"}, ${where}`,
    createDatabase: () => databases.create(),
    stop: async () => {
      await databases.drop()
      await stop()
    }
  }
}

/** The part of testcontainers that is used: the package is the host's to install. */
interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container
}
interface Container {
  withEnvironment(environment: Readonly<Record<string, string>>): Container
  withExposedPorts(port: number): Container
  withStartupTimeout(timeoutMs: number): Container
  start(): Promise<{ getHost(): string; getMappedPort(port: number): number; stop(): Promise<unknown> }>
}

const image = "postgres:18-alpine"

/** A server in a container, where Docker runs and testcontainers is installed. */
export const serverInContainer = async (): Promise<PostgresService> => {
  await runProgram("docker", ["info"], { timeoutMs: 5_000 })
  // Not a literal: neither the compiler nor a bundler should look for a package that need not be there.
  const name = "testcontainers"
  const { GenericContainer } = (await import(name)) as Testcontainers
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: "holdfast" })
    .withExposedPorts(5432)
    .withStartupTimeout(120_000)
    .start()
  const url = `postgres://postgres:holdfast@${container.getHost()}:${container.getMappedPort(5432)}/postgres`
  return serverAt(url, `container of ${image}`, () => container.stop())
}
