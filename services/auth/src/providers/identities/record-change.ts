import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import { noticeOf } from '../../mail/notices.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import type { ProviderEntry } from '../provider-entry.ts'
import type { IdentityPorts } from './identity-ports.ts'

type ProviderName = Pick<ProviderEntry, 'id' | 'name'>

/** What changes the linked providers of an account. */
type Cause = Reader & {
  /** the session; null: a login, or an operator */
  readonly sid: string | null
  readonly nowMs: number
}

/** Records a change in the audit log, and notifies the owner of the account. */
export async function recordChange(
  transaction: Kysely<Tables>,
  kind: 'identity-linked' | 'identity-unlinked',
  { account, provider }: { readonly account: Account; readonly provider: ProviderName },
  { sid, source, language, nowMs, mail }: Cause & Pick<IdentityPorts, 'mail'>
): Promise<void> {
  const detail = { provider: provider.id }
  await writeAudit(transaction, { kind, subject: account.id, sid, source, detail }, nowMs)
  const values = { provider: provider.name }
  const notice = noticeOf(kind, account, { source, language }, nowMs, values)
  await mail.add(transaction, notice, nowMs)
}
