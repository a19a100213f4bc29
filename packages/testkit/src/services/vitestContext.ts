/** What the global setup tells test files. */
declare module "vitest" {
  interface ProvidedContext {
    /** Where the desk of this run is. */
    holdfastDesk: string
  }
}

export {}
