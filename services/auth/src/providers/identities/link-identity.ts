import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { Tables } from '../../database/tables.ts'
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
import type { KnownIdentity } from './known-identity.ts'
import { noteRights, provideRights } from './provide-rights.ts'
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
  ports: IdentityPorts,
  { id, sid }: { readonly id: string; readonly sid: string },
  known: KnownIdentity,
  change: FactorChange
): Promise<IdentityRow> =>
  ports.db.transaction().execute(async (transaction) => {
    const nowMs = change.clock()
    await lockForFactors(transaction, id, { sid, nowMs })
    const account = await accountStore(transaction).findById(id)
    if (account === null) throw sessionEnded('the account is gone')
    const { source, language } = change
    const cause = { sid, source, language, nowMs, mail: ports.mail }
    const row = await linked(transaction, account, known, cause)
    await noteRights(transaction, row, known, nowMs)
    await provideRights(transaction, id, ports, cause)
    return row
  })

async function linked(
  transaction: Kysely<Tables>,
  account: Account,
  { entry: provider, identity }: KnownIdentity,
  cause: Parameters<typeof recordChange>[3]
): Promise<IdentityRow> {
  const found = await findIdentity(transaction, identity)
  if (found !== null) {
    const again = await confirmIdentity(transaction, found.id, account)
    if (again === null) throw linkedToAnother()
    if (found.password_version !== account.passwordVersion) {
      await recordChange(transaction, 'identity-linked', { account, provider }, cause)
    }
    return again
  }
  const { length } = await listIdentities(transaction, account.id)
  if (length >= MOST_IDENTITIES) throw tooManyIdentities(MOST_IDENTITIES)
  const row = await insertIdentity(transaction, account, identity, cause.nowMs)
  // Another request has linked the person at this moment.
  if (row === null) throw linkedToAnother()
  await recordChange(transaction, 'identity-linked', { account, provider }, cause)
  return row
}
