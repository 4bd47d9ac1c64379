import type { RequestSource } from '../../audit/audit-event.ts'
import type { PendingRegistration } from '../../link-tokens/pending-registration.ts'
import { type SealingKeys, seal, unsealWithAny } from '../../secrets/seal.ts'
import type { LetterName } from '../letter.ts'

/**
 * A letter in the queue. It names an address or an account. The recipient, if there is one, is
 * decided when the letter is sent, so a request takes the same time for every address.
 */
export type QueuedMail = {
  readonly letter: LetterName
  /** as `canonicalEmail` returns it */
  readonly email: string
  /** the address as it was typed; absent or null: not known, or as the account has it then */
  readonly emailTyped?: string | null
  /** the account that it is about; null if a stranger named the address */
  readonly subject: string | null
  /** as `Templates.languageFor` returns it */
  readonly language: string
  /** the request that caused it */
  readonly source: RequestSource
  /** for the link: the same in every attempt, so that a letter that arrives twice is one letter */
  readonly token: string | null
  /** the address that the account had, if the letter proves another one */
  readonly from?: string
  /** the digest of the secret of the page that registered */
  readonly page?: string
  /** the same, as a request for a further letter claims: it counts if an earlier letter has it */
  readonly claimedPage?: string
  /** what becomes an account if its reader opens the link */
  readonly registration?: PendingRegistration
  /** for the placeholders of its template */
  readonly values: Readonly<Record<string, string>>
}

/** Who gets a letter: the request that caused it, and the language of its reader. */
export type Reader = Pick<QueuedMail, 'source' | 'language'>

const about = (messageId: string): string => `mail ${messageId}`

/** Encrypts a letter: the queue has neither addresses nor tokens in a readable form. */
export const sealMail = (mail: QueuedMail, [newest]: SealingKeys, messageId: string): string =>
  seal(JSON.stringify(mail), newest, about(messageId))

/** @throws Error if no key fits, or the bytes were changed */
export const unsealMail = (sealed: string, keys: SealingKeys, messageId: string): QueuedMail =>
  JSON.parse(unsealWithAny(sealed, keys, about(messageId)).secret)
