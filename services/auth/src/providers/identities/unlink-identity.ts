import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import type { Tables } from '../../database/tables.ts'
import { type FactorChange, lockForFactors } from '../../factors/factor-changes.ts'
import { listPasskeys, opensAlone } from '../../factors/passkeys/passkey-store.ts'
import { amrText, BY_PROVIDER } from '../../sessions/authentication.ts'
import { lastWayIn, noSuchIdentity } from '../provider-refusals.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { type IdentityRow, listIdentities, opensSession } from './identity-store.ts'
import { provideRights } from './provide-rights.ts'
import { recordChange } from './record-change.ts'

type Which = {
  readonly id: string
  /** the session of the user; null: an operator removes it */
  readonly sid: string | null
}

/**
 * Removes a linked provider. Its logins that wait for a second factor end.
 * @throws Refusal NOT_FOUND; CONFLICT if its user could not sign in any other way; SESSION_ENDED
 */
export const unlinkIdentity = (
  ports: IdentityPorts,
  { id: subject }: Pick<Account, 'id'>,
  { id, sid }: Which,
  { source, language, clock }: FactorChange
): Promise<void> =>
  ports.db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    // An operator may also do it while the account is disabled.
    if (sid === null) await lockAccount(transaction, subject)
    else await lockForFactors(transaction, subject, { sid, nowMs })
    const account = await accountStore(transaction).findById(subject)
    const row = account === null ? undefined : await deleted(transaction, subject, id)
    if (account === null || row === undefined) throw noSuchIdentity()
    if (sid !== null && !(await hasWayIn(transaction, account, ports))) throw lastWayIn()
    await transaction
      .deleteFrom('login_challenges')
      .where('subject', '=', subject)
      .where(({ eb, and, or }) =>
        or([
          eb('identity', '=', id),
          // An earlier version has stored it.
          and([eb('identity', 'is', null), eb('amr', '=', amrText(BY_PROVIDER))])
        ])
      )
      .execute()
    const { entries, mail } = ports
    const entry = entries.find(({ issuer }) => issuer === row.issuer)
    const provider = entry ?? { id: row.issuer, name: row.issuer }
    const cause = { sid, source, language, nowMs, mail }
    await recordChange(transaction, 'identity-unlinked', { account, provider }, cause)
    await provideRights(transaction, subject, ports, cause)
  })

const deleted = (
  transaction: Kysely<Tables>,
  subject: string,
  id: string
): Promise<IdentityRow | undefined> =>
  transaction
    .deleteFrom('identities')
    .where('id', '=', id)
    .where('subject', '=', subject)
    .returningAll()
    .executeTakeFirst()

/** Whether the user can still sign in: by a password, a passkey alone, or another provider. */
async function hasWayIn(
  transaction: Kysely<Tables>,
  account: Account,
  { entries, passkeys }: IdentityPorts
): Promise<boolean> {
  if (account.passwordHash !== '') return true
  if (passkeys.mode === 'login' && passkeys.party !== null) {
    const own = await listPasskeys(transaction, account.id)
    if (own.some((passkey) => opensAlone(passkey, account))) return true
  }
  const others = await listIdentities(transaction, account.id)
  return others.some(
    (other) => opensSession(other, account) && entries.some(({ issuer }) => issuer === other.issuer)
  )
}
