import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import { lockForFactors } from '../../factors/factor-changes.ts'
import { stepUpProof } from '../../factors/factor-refusals.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { changeOrWait } from '../../revocations/change-marks.ts'
import { BY_PROVIDER } from '../../sessions/authentication.ts'
import { strengthenSession } from '../../sessions/durable/strengthen-session.ts'
import { sessionEnded } from '../../sessions/session-refusals.ts'
import { notReauthenticated, someoneElse } from '../provider-refusals.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { findIdentity, noteIdentityUse } from './identity-store.ts'
import type { KnownIdentity } from './known-identity.ts'
import { noteRights, provideRights } from './provide-rights.ts'

/**
 * Strengthens an open session: its user has just proved who they are at a linked provider. Only for
 * accounts without a second factor, as the password.
 * @throws Refusal INVALID_REQUEST if the provider was not asked for that, or the account has a
 * factor; UNAUTHENTICATED if it was somebody else; FORBIDDEN as for a login; SESSION_ENDED
 */
export async function stepUpByProvider(
  ports: IdentityPorts,
  { account, sid }: { readonly account: Account; readonly sid: string },
  known: KnownIdentity,
  { source }: Pick<Reader, 'source'>
): Promise<void> {
  const { db, audit, marks, clock } = ports
  const { identity } = known
  if (identity.reauthenticated !== true) throw notReauthenticated()
  const isOwn = await db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    // The session is checked when it is strengthened.
    await lockForFactors(transaction, account.id, { sid: null, nowMs })
    // It is locked now: it may have got a factor, or another password.
    const own = await accountStore(transaction).findById(account.id)
    if (own === null) throw sessionEnded('the account is gone')
    if (own.factors > 0) throw stepUpProof(true)
    const row = await findIdentity(transaction, identity)
    const { email } = identity
    // It must be linked to this account, and not be older than its password.
    if (row === null) return false
    if (!(await noteIdentityUse(transaction, { id: row.id, email }, own, nowMs))) return false
    const strengthened = { subject: account.id, sid, amr: BY_PROVIDER, source }
    if (!(await strengthenSession(transaction, strengthened, nowMs))) {
      throw sessionEnded('the session has ended')
    }
    await noteRights(transaction, row, known, nowMs)
    await provideRights(transaction, account.id, ports, { sid, source, nowMs })
    return true
  })
  if (isOwn) return await changeOrWait(marks, account.id)
  await audit.write({ kind: 'login-failed', subject: account.id, sid, source })
  throw someoneElse()
}
