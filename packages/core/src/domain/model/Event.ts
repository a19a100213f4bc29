/** Events as the log keeps them. */
import type { EventBody } from "./Definition.ts"

/** One recorded event. Instants in epoch milliseconds. */
export interface Event extends EventBody {
  /** Its place in the log: 1, 2, 3, … without gaps. */
  readonly position: number
  /** The command that caused it. */
  readonly commandId: string
  /** Position of the command's first event. */
  readonly commandPosition: number
  /** The SKUs it is about. */
  readonly skus: ReadonlyArray<string>
  /** When it was true. */
  readonly effectiveAt: number
  /** When it was recorded; never earlier than the event before it. */
  readonly recordedAt: number
  readonly meta: EventMeta
}

/** Who, why and in what context. */
export interface EventMeta {
  readonly actor?: string
  readonly reasonCode?: string
  readonly reference?: string
  readonly correlationId?: string
  readonly causationId?: string
}
