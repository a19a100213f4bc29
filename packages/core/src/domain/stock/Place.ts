/** Where units are: the part of a position's key besides its SKU. */
import { Schema } from "effect"

/** A place: location × lot × condition × owner. `lot` is `""` for what is not tracked by lot. */
export const Place = Schema.Struct({
  location: Schema.String,
  lot: Schema.String,
  condition: Schema.String,
  owner: Schema.String
})
export type Place = typeof Place.Type

/** The condition of goods that can be sold. Other conditions are an open set: `damaged`, `returned`, … */
export const goodCondition = "good"

/** The owner of goods that are our own. Others own consignment stock. */
export const ownStock = "self"

/** No lot. */
export const noLot = ""

/** Whether units in this condition count in `available`. */
export const isPromisable = (condition: string): boolean => condition === goodCondition

/** Whether two places are one. */
export const samePlace = (a: Place, b: Place): boolean =>
  a.location === b.location && a.lot === b.lot && a.condition === b.condition && a.owner === b.owner

/** A place from what a command said about it. */
export const placeAt = (location: string, condition: string | undefined, owner: string | undefined): Place => ({
  location,
  lot: noLot,
  condition: condition ?? goodCondition,
  owner: owner ?? ownStock
})
