import { type Attempt, INTERNAL_FAULT } from '../../outbox/delivery.ts'
import type { LetterName } from '../letter.ts'
import type { Rendered } from '../templates/templates.ts'

/** A letter that can be sent. */
export type OutgoingMail = Rendered & {
  /** the same in every attempt: receivers recognise a repeated letter by it */
  readonly id: string
  readonly letter: LetterName
  readonly language: string
  /** one address, as `mailableAddress` returns it */
  readonly to: string
  readonly link: string
}

/** What takes letters. */
export type MailTransport = {
  /** Never throws for what a server does. */
  send(mail: OutgoingMail, stopping: AbortSignal): Promise<Attempt>
}

/**
 * These faults do not mean that the server fails. It refused one letter or recipient, for now or
 * for good, or it waits for the server of a recipient. Or this process cannot decrypt or write the
 * letter. After any other fault, letters wait until the server works.
 */
export const letterFaults: ReadonlySet<string> = new Set([
  'deferred',
  'refused',
  'unmailable',
  'recipient-timeout',
  'unknown-key',
  INTERNAL_FAULT
])
