import type { Kysely } from 'kysely'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { Tables } from '../../database/tables.ts'
import type { Mail } from '../../mail/mail.ts'
import { noticeOf } from '../../mail/notices.ts'

/** Notifies a user that a session ended because of a reuse, in the transaction of its event. */
export type NotifyReuse = (
  transaction: Kysely<Tables>,
  subject: string,
  about: { readonly source: RequestSource; readonly atMs: number }
) => Promise<void>

/** In the default language: the request was that of a thief, or of a client with a bug. */
export const notifyReuse =
  (mail: Pick<Mail, 'add' | 'languageFor'>): NotifyReuse =>
  async (transaction, subject, { source, atMs }) => {
    const row = await transaction
      .selectFrom('accounts')
      .select(['email', 'email_typed'])
      .where('id', '=', subject)
      .executeTakeFirst()
    if (row === undefined) return
    const reader = { source, language: mail.languageFor(undefined) }
    const account = { id: subject, email: row.email, emailTyped: row.email_typed }
    const notice = noticeOf('refresh-reused', account, reader, atMs)
    await mail.add(transaction, notice, atMs)
  }
