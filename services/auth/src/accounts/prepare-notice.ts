import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { PrepareLetter } from '../mail/sending/mail-channel.ts'
import { accountStore } from './account-store.ts'
import { recipientOf } from './email-addresses/recipient-of.ts'

/**
 * Notifies an account of a change, at the address that it had then. A deleted account gets no
 * letter.
 */
export const prepareNotice =
  (db: Kysely<Tables>): PrepareLetter =>
  async (mail) => {
    const { subject } = mail
    const account = subject === null ? null : await accountStore(db).findById(subject)
    return account === null ? null : recipientOf(mail, {})
  }
