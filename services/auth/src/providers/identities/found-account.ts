import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import type { Tables } from '../../database/tables.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { mappedUntil } from '../mapping/mapping-rules.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { findIdentity, type IdentityRow } from './identity-store.ts'
import type { KnownIdentity } from './known-identity.ts'
import { noteRights, provideRights, storedRights } from './provide-rights.ts'

/** Another login has linked the person, or taken the address, at this moment. */
export class Overtaken extends Error {}

/** The account of a person, and the link by which it was found. */
export type Found = {
  readonly account: Account
  readonly row: IdentityRow
  /** earlier tokens of the account are stale */
  readonly hasOtherRights?: boolean
}

/** how late rights are renewed: a login that changes none renews them once a day */
const LATE_SECONDS = 86_400

/** The account with the rights that the provider now gives. Most logins change nothing. */
export async function withRights(
  ports: IdentityPorts,
  { account: { id }, account, row }: Found,
  known: KnownIdentity,
  { source }: Reader
): Promise<Found> {
  const { rights } = known.identity
  const isIn = account.provided.some(({ identity }) => identity === row.id)
  const stored = rights === undefined ? row.provided : storedRights(rights)
  const isLate = mappedUntil(known.entry, ports.clock()) - (row.provided_until ?? 0) > LATE_SECONDS
  const isSame = stored === row.provided && isIn === (stored !== null)
  if (isSame && (stored === null || !isLate)) return { account, row }
  return await ports.db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, id)
    const found = await findIdentity(transaction, known.identity)
    // It was unlinked, or linked again, at this moment.
    if (found?.id !== row.id) throw new Overtaken()
    const cause = { sid: null, source, nowMs: ports.clock() }
    return await foundWithRights(transaction, ports, { account, row: found }, known, cause)
  })
}

/** @throws Overtaken if the account is gone */
export async function foundWithRights(
  transaction: Kysely<Tables>,
  ports: IdentityPorts,
  { account: { id, rightsVersion: before }, row }: Found,
  known: KnownIdentity,
  cause: Parameters<typeof provideRights>[3]
): Promise<Found> {
  await noteRights(transaction, row, known, cause.nowMs)
  const account = await provideRights(transaction, id, ports, cause)
  if (account === null) throw new Overtaken()
  return { account, row, hasOtherRights: account.rightsVersion !== before }
}
