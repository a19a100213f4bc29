/** Real services for the run: nothing is started before a test asks for it. */
export { default } from "./packages/testkit/src/services/globalSetup.ts"
