import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { registrationOff } from '../../accounts/account-refusals.ts'
import { accountStore, insertAccount } from '../../accounts/account-store.ts'
import { isSameMailbox, typedEmail } from '../../accounts/email-addresses/email.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import type { UsedIdentity } from '../../factors/factor-ports.ts'
import { ifAvailable } from '../../if-available.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { mappedUntil } from '../mapping/mapping-rules.ts'
import { addressNotVerified, mustLink, providerLoginRefused } from '../provider-refusals.ts'
import type { IdentityPorts } from './identity-ports.ts'
import {
  confirmIdentity,
  findIdentity,
  type IdentityRow,
  insertIdentity,
  noteIdentityUse,
  opensSession
} from './identity-store.ts'
import { type KnownIdentity, requireDomain, verifiedEmail } from './known-identity.ts'
import { noteRights, provideRights, storedRights } from './provide-rights.ts'
import { recordChange } from './record-change.ts'

/** The rights of an account that a login creates; null: a login creates none. */
export type Newcomer = Pick<Account, 'roles' | 'scope'> | null

/** The account of a person who has come back from a provider. */
export type ProviderSignIn = {
  readonly account: Account
  readonly identity: UsedIdentity
  /**
   * Notes the login, in the transaction that opens the session.
   * @throws Refusal UNAUTHENTICATED if the provider was unlinked meanwhile
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<void>
}

/** Another login has linked the person, or taken the address, at this moment. */
class Overtaken extends Error {}

const MOST_ATTEMPTS = 3

/**
 * The account of a person. An unknown person gets one, or is linked to the account with the same
 * address, only by the rules of the provider.
 * @throws Refusal UNAUTHENTICATED, FORBIDDEN; CONFLICT if the user must sign in and link it first
 */
export async function signIn(
  ports: IdentityPorts,
  known: KnownIdentity,
  newcomer: Newcomer,
  by: Reader
): Promise<ProviderSignIn> {
  requireDomain(known)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { account, row, hasOtherRights } = await accountOf(ports, known, newcomer, by)
      if (hasOtherRights) await ifAvailable(ports.stale.publish(account.id))
      const identity = { id: row.id, email: known.identity.email }
      return {
        account,
        identity,
        async use(transaction, nowMs) {
          if (!(await noteIdentityUse(transaction, identity, account, nowMs))) {
            throw providerLoginRefused('the provider was unlinked during the login')
          }
        }
      }
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (attempt === MOST_ATTEMPTS) throw mustLink()
    }
  }
}

type Found = {
  readonly account: Account
  readonly row: IdentityRow
  /** earlier tokens of the account are stale */
  readonly hasOtherRights?: boolean
}

async function accountOf(
  ports: IdentityPorts,
  known: KnownIdentity,
  newcomer: Newcomer,
  by: Reader
): Promise<Found> {
  const { db } = ports
  const accounts = accountStore(db)
  const row = await findIdentity(db, known.identity)
  if (row !== null) {
    const account = await accounts.findById(row.subject)
    if (account === null || account.disabled) return await refuseLogin(ports, row.subject, by)
    if (opensSession(row, account)) return await withRights(ports, { account, row }, known, by)
    return await linkByAddress(ports, { account, row }, known, by)
  }
  const email = verifiedEmail(known)
  if (email === null) throw addressNotVerified()
  const account = await accounts.findByEmail(email)
  if (account !== null) return await linkByAddress(ports, { account, row }, known, by)
  if (newcomer === null || !known.entry.registration) throw registrationOff()
  return await createAccount(ports, known, { email, ...newcomer }, by)
}

async function refuseLogin(
  { audit }: IdentityPorts,
  subject: string,
  { source }: Reader
): Promise<never> {
  await audit.write({ kind: 'login-failed', subject, sid: null, source })
  throw providerLoginRefused('the account of the linked provider is disabled or gone')
}

/**
 * Links the provider to the account with the same address, where the operator allows it. Both sides
 * must have verified the address: an account whose address is not verified may have been made by
 * somebody who waits for its owner. With a second factor, its user signs in first.
 */
const linkByAddress = (
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

/** An account without a password, for a person whose address the provider has verified. */
const createAccount = (
  ports: IdentityPorts,
  known: KnownIdentity,
  person: Pick<Account, 'email' | 'roles' | 'scope'>,
  { source }: Reader
): Promise<Found> =>
  ports.db.transaction().execute(async (transaction) => {
    const { clock } = ports
    const emailTyped = typedEmail(known.identity.email ?? person.email)
    const made = { ...person, emailTyped, passwordHash: '', emailVerified: true }
    const account = await insertAccount(transaction, made, { source, clock })
    if (account === null) throw new Overtaken()
    const nowMs = clock()
    const row = await insertIdentity(transaction, account, known.identity, nowMs)
    if (row === null) throw new Overtaken()
    const detail = { provider: known.entry.id }
    const about = { subject: account.id, sid: null, source, detail }
    await writeAudit(transaction, { kind: 'identity-linked', ...about }, nowMs)
    const cause = { sid: null, source, nowMs }
    return await foundWithRights(transaction, ports, { account, row }, known, cause)
  })

/** how late rights are renewed: a login that changes none renews them once a day */
const LATE_SECONDS = 86_400

/** The account with the rights that the provider now gives. Most logins change nothing. */
async function withRights(
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
async function foundWithRights(
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
