/** One command of a test run: what is asked, and when. */
import type { CommandInput, CommandName } from "@holdfast/core/domain"

/** A step with the input of one command. */
export interface StepOf<N extends CommandName> {
  readonly name: N
  readonly input: CommandInput<N>
  /** The engine's clock, epoch milliseconds. Never runs backwards within a list. */
  readonly now: number
}

/** A step of any command. The same lists run through the domain, the model and a whole engine. */
export type Step = { readonly [N in CommandName]: StepOf<N> }[CommandName]
