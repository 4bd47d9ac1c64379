import type { Generated } from 'kysely'
import type { DeliveryKind, DeliveryState } from './delivery.ts'

export type DeliveryTable = {
  /** the order in which the deliveries were queued */
  position: Generated<number>
  id: string
  kind: DeliveryKind
  /** who receives it: for webhooks, the id of the endpoint */
  target: string
  /** deliveries of one lane to one target come one after the other */
  lane: string
  /** the same for all targets of a message, and for all attempts */
  message_id: string
  /** for mail, a digest of the address; null for other kinds */
  recipient: string | null
  /** what the message is about: for webhooks, the type of the event */
  topic: string
  payload: string
  state: DeliveryState
  /** how many attempts have begun since it was queued or an operator retried it */
  attempts: number
  /**
   * milliseconds since 1970: when it may be claimed, even from a process that stopped; `WAITS_MS`
   * if it waits for an earlier one of its lane
   */
  due_at_ms: number
  /** the attempt in progress; null between attempts */
  claim: string | null
  created_at_ms: number
  /** null while it is pending */
  settled_at_ms: number | null
  /** why the last attempt failed */
  last_fault: string | null
  /** the HTTP status of the last attempt; null if there was none */
  last_status: number | null
}
