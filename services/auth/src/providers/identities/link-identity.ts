import { accountStore } from '../../accounts/account-store.ts'
import { type FactorChange, lockForFactors } from '../../factors/factor-changes.ts'
import { sessionEnded } from '../../sessions/session-refusals.ts'
import { linkedToAnother, tooManyIdentities } from '../provider-refusals.ts'
import type { IdentityPorts } from './identity-ports.ts'
import {
  confirmIdentity,
  findIdentity,
  type IdentityRow,
  insertIdentity,
  listIdentities
} from './identity-store.ts'
import { type KnownIdentity, requireDomain } from './known-identity.ts'
import { recordChange } from './record-change.ts'

/** of an account */
const MOST_IDENTITIES = 10

/**
 * Links a provider to the account of a session, or links it again.
 * @throws Refusal CONFLICT if the person is linked to another account, or there are too many;
 * FORBIDDEN as for a login, because a link that opens no session must not look like one that does;
 * SESSION_ENDED
 */
export const linkIdentity = (
  { db, mail }: IdentityPorts,
  { id, sid }: { readonly id: string; readonly sid: string },
  known: KnownIdentity,
  { source, language, clock }: FactorChange
): Promise<IdentityRow> =>
  db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    const { entry, identity } = known
    requireDomain(known)
    await lockForFactors(transaction, id, { sid, nowMs })
    const account = await accountStore(transaction).findById(id)
    if (account === null) throw sessionEnded('the account is gone')
    const cause = { sid, source, language, nowMs, mail }
    const found = await findIdentity(transaction, identity)
    if (found !== null) {
      const again = await confirmIdentity(transaction, found.id, account)
      if (again === null) throw linkedToAnother()
      if (found.password_version !== account.passwordVersion) {
        await recordChange(transaction, 'identity-linked', { account, provider: entry }, cause)
      }
      return again
    }
    const { length } = await listIdentities(transaction, id)
    if (length >= MOST_IDENTITIES) throw tooManyIdentities(MOST_IDENTITIES)
    const row = await insertIdentity(transaction, account, identity, nowMs)
    // Another request has linked the person at this moment.
    if (row === null) throw linkedToAnother()
    await recordChange(transaction, 'identity-linked', { account, provider: entry }, cause)
    return row
  })
