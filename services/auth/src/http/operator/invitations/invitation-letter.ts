import type { RequestSource } from '../../../audit/audit-event.ts'
import type { Mail } from '../../../mail/mail.ts'
import { mailOff } from '../../../mail/mail-refusals.ts'
import { minuteOf } from '../../../mail/templates/template-times.ts'
import { invalidMember } from '../../../refusals.ts'

type InvitationCause = {
  readonly source: RequestSource
  readonly expiresAt: number
  readonly clock: () => number
}

/** Sends the secret of an invitation to its address. */
export function invitationLetter(
  mail: Mail,
  { email, emailTyped }: { readonly email: string | null; readonly emailTyped: string },
  { source, expiresAt, clock }: InvitationCause
) {
  if (email === null) throw invalidMember('send', 'needs email')
  if (!mail.isOn) throw mailOff()
  const values = { time: minuteOf(expiresAt * 1000) }
  const language = mail.languageFor(undefined)
  const to = { email, emailTyped, subject: null }
  const letter = { letter: 'invitation', ...to, language, source, values } as const
  return {
    send: (transaction: Parameters<Mail['add']>[0], token: string) =>
      mail.add(transaction, { ...letter, token }, clock())
  }
}
