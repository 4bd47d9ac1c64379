import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import { isSameMailbox } from '../../accounts/email-addresses/email.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { mustLink } from '../provider-refusals.ts'
import { type Found, foundWithRights, Overtaken } from './found-account.ts'
import type { IdentityPorts } from './identity-ports.ts'
import {
  confirmIdentity,
  findIdentity,
  type IdentityRow,
  insertIdentity
} from './identity-store.ts'
import { type KnownIdentity, verifiedEmail } from './known-identity.ts'
import { recordChange } from './record-change.ts'

/**
 * Links the provider to the account with the same address, where the operator allows it. Both sides
 * must have verified the address: an account whose address is not verified may have been made by
 * somebody who waits for its owner. With a second factor, its user signs in first.
 */
export const linkByAddress = (
  ports: IdentityPorts,
  { account: { id }, row: before }: { readonly account: Account; readonly row: IdentityRow | null },
  known: KnownIdentity,
  { source, language }: Reader
): Promise<Found> =>
  ports.db.transaction().execute(async (transaction) => {
    const nowMs = ports.clock()
    await lockAccount(transaction, id)
    const account = await accountStore(transaction).findById(id)
    const found = await findIdentity(transaction, known.identity)
    // Another login of the person has just created the account, or linked it.
    if (found?.id !== before?.id) throw new Overtaken()
    if (account === null || !mayLink(account, known)) throw mustLink()
    const row =
      found === null
        ? await insertIdentity(transaction, account, known.identity, nowMs)
        : await confirmIdentity(transaction, found.id, account)
    if (row === null) throw new Overtaken()
    const cause = { sid: null, source, language, nowMs, mail: ports.mail }
    await recordChange(transaction, 'identity-linked', { account, provider: known.entry }, cause)
    return await foundWithRights(transaction, ports, { account, row }, known, cause)
  })

const mayLink = (account: Account, known: KnownIdentity): boolean =>
  known.entry.linking === 'verified-email' &&
  verifiedEmail(known) === account.email &&
  isSameMailbox(known.identity.email ?? '', account.emailTyped ?? account.email) &&
  account.emailVerifiedAt !== null &&
  account.factors === 0 &&
  !account.disabled
