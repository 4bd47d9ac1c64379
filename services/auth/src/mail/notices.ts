import type { LetterName } from './letter.ts'
import type { NewMail } from './queue/mail-queue.ts'
import type { Reader } from './queue/queued-mail.ts'
import { minuteOf } from './templates/template-times.ts'

/** The letters that notify the owner of an account of changes. */
type Notice = Extract<
  LetterName,
  | 'password-changed'
  | 'email-changed'
  | 'refresh-reused'
  | 'new-device'
  | 'factor-added'
  | 'factor-removed'
  | 'recovery-codes-replaced'
  | 'recovery-code-used'
  | 'passkey-suspected'
  | 'identity-linked'
  | 'identity-unlinked'
  | 'deletion-requested'
  | 'deletion-cancelled'
  | 'account-exported'
>

type Owner = {
  readonly id: string
  readonly email: string
  readonly emailTyped: string | null
}

/**
 * The letter that notifies the owner of an account of a change.
 * @param values the placeholders of its template, apart from the time
 */
export const noticeOf = (
  letter: Notice,
  { id, email, emailTyped }: Owner,
  { source, language }: Reader,
  atMs: number,
  values: NewMail['values'] = {}
): NewMail => ({
  letter,
  email,
  emailTyped,
  subject: id,
  source,
  language,
  values: { time: minuteOf(atMs), ...values }
})
