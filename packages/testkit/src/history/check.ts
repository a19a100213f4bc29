/**
 * The judge: takes what happened and says which promises were broken. It shares nothing with an engine but the pure
 * domain, whose functions fold the log, and it asks the reference model as a second opinion.
 */
import { type Facts, factsOf } from "./Facts.ts"
import type { Finding, History } from "./History.ts"
import { receipts, replay, surprises } from "./rules/answers.ts"
import { effects, finality, realTimeOrder } from "./rules/effects.ts"
import { balances, contiguity } from "./rules/log.ts"
import { looks } from "./rules/looks.ts"
import { prefixes, verified } from "./rules/prefixes.ts"

type Rule = (facts: Facts) => Iterable<string>

/** Every rule by its name. Those after `contiguity` mean something only in a log that is whole. */
export const rules = {
  /** Positions are 1, 2, 3, …; a command's events stand together; recorded time never runs backwards. */
  contiguity,
  /** Acknowledged exactly once, unknown zero or one time, refused never; nothing that nobody asked for. */
  effects,
  /** What was refused last stays refused. */
  finality,
  /** Acknowledged before the other was sent: before it in the log. */
  realTimeOrder,
  /** Units are conserved, no balance is negative, every law of the domain holds. */
  balances,
  /** Receipts are the log's events, the same for every repetition. */
  receipts,
  /** The reference model accepts the log. */
  replay,
  /** Refusals and availability were true while they were asked for. */
  looks,
  /** Subscribers saw the log, without gap or repetition. */
  prefixes,
  /** `verify()` is ok. */
  verified,
  /** No defects. */
  surprises
} satisfies Readonly<Record<string, Rule>>

/** The name of a rule. */
export type RuleName = keyof typeof rules

/** Findings of one rule to list; one broken promise often breaks many others. */
const findingsMax = 5

/**
 * Judges a history. Everything is well if nothing is found. `without` leaves rules out: `replay` and `looks` take time
 * that grows with the square of the log.
 */
export const checkHistory = (
  history: History,
  options: { readonly without?: ReadonlyArray<RuleName> } = {}
): ReadonlyArray<Finding> => {
  const facts = factsOf(history)
  const findings: Array<Finding> = []
  for (const [rule, find] of Object.entries<Rule>(rules)) {
    if (options.without?.includes(rule as RuleName)) continue
    let found = 0
    try {
      for (const message of find(facts)) {
        findings.push({ rule, message })
        if (++found === findingsMax) break
      }
    } catch (error) {
      findings.push({ rule, message: `the history is so broken that the rule cannot judge it: ${String(error)}` })
    }
    if (rule === "contiguity" && found > 0) break
  }
  return findings
}
