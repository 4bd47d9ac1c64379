import type { Kysely } from 'kysely'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { isOpenSession } from '../../database/is-open-session.ts'
import type { Tables } from '../../database/tables.ts'
import type { Mail } from '../../mail/mail.ts'
import { noticeOf } from '../../mail/notices.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import type { Account } from '../account.ts'
import { lockAccount } from '../lock-account.ts'
import { type StoredAbout, storedAbout } from './stored-account.ts'
import { type StoredEvents, storedEvents } from './stored-events.ts'

export type ExportedAccount = StoredAbout & StoredEvents & { readonly account: Account }

/** Everything that is stored about an account, without secrets (GDPR, articles 15 and 20). */
export type AccountExports = {
  /**
   * For the user of the account, who is notified.
   * @param asker `sid`: the session that asks for it
   * @returns null if the session has ended
   */
  own(account: Account, asker: Reader & { readonly sid: string }): Promise<ExportedAccount | null>
  /** For an operator. */
  ofUser(account: Account, source: RequestSource): Promise<ExportedAccount>
  /** Further events, as `storedEvents`. */
  events(subject: string, afterMs: number): Promise<StoredEvents>
}

type ExportPorts = {
  readonly db: Kysely<Tables>
  readonly mail: Pick<Mail, 'add'>
  readonly clock: () => number
}

export function accountExports({ db, mail, clock }: ExportPorts): AccountExports {
  const read = async (account: Account): Promise<ExportedAccount> => ({
    account,
    ...(await storedAbout(db, account, Math.floor(clock() / 1000))),
    ...(await storedEvents(db, account.id, 0))
  })
  return {
    async own(account, { sid, source, language }) {
      const isOpen = await db.transaction().execute(async (transaction) => {
        const subject = account.id
        await lockAccount(transaction, subject)
        const nowMs = clock()
        if (!(await isOpenSession(transaction, { subject, sid }, nowMs))) return false
        await writeAudit(transaction, { kind: 'account-exported', subject, sid, source }, nowMs)
        const reader = { source, language }
        await mail.add(transaction, noticeOf('account-exported', account, reader, nowMs), nowMs)
        return true
      })
      return isOpen ? await read(account) : null
    },
    async ofUser(account, source) {
      const event = { kind: 'account-exported', subject: account.id, sid: null, source } as const
      await writeAudit(db, event, clock())
      return await read(account)
    },
    events: (subject, afterMs) => storedEvents(db, subject, afterMs)
  }
}
