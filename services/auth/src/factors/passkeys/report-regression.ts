import { accountStore } from '../../accounts/account-store.ts'
import { forAccount } from '../../accounts/for-account.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Mail } from '../../mail/mail.ts'
import { noticeOf } from '../../mail/notices.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { minuteOf } from '../../mail/templates/template-times.ts'
import type { PasskeyPorts } from './passkey-ports.ts'
import type { PasskeyRow } from './passkey-store.ts'

type Ports = Pick<PasskeyPorts, 'db' | 'clock'> & {
  readonly mail: Pick<Mail, 'add'>
  readonly metrics: { counterRegressed(): void }
}

/**
 * Reports a right answer whose counter was not higher than before: to the audit log, and to the
 * user, who alone can know whether it was their own device.
 */
export async function reportRegression(
  { db, mail, metrics, clock }: Ports,
  { id, created_at, subject }: Pick<PasskeyRow, 'id' | 'created_at' | 'subject'>,
  { source, language }: Reader
): Promise<void> {
  metrics.counterRegressed()
  await forAccount(db, subject, async (transaction) => {
    const nowMs = clock()
    const event = { kind: 'passkey-counter-regressed', subject, sid: null, source } as const
    await writeAudit(transaction, { ...event, detail: { passkey: id } }, nowMs)
    const account = await accountStore(transaction).findById(subject)
    if (account === null) return
    const reader = { source, language }
    // Not its name: a stranger who registered the address could write a message with it.
    const added = { added: minuteOf(created_at * 1000) }
    const notice = noticeOf('passkey-suspected', account, reader, nowMs, added)
    await mail.add(transaction, notice, nowMs)
  })
}
