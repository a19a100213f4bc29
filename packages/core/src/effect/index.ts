/** `@holdfast/core/effect`: the Effect face. */
export * from "../engine/index.ts"
export { Inventory } from "./Inventory.ts"
