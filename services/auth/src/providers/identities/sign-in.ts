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
import { addressNotVerified, mustLink, providerLoginRefused } from '../provider-refusals.ts'
import { type Found, foundWithRights, Overtaken, withRights } from './found-account.ts'
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
import { recordChange } from './record-change.ts'

/** The rights of an account that a login creates; null: a login creates none. */
export type Newcomer = Pick<Account, 'roles' | 'scope'> | null

/** The account of a person who has come back from a provider. */
export type ProviderSignIn = {
  readonly account: Account
  readonly identity: UsedIdentity
  /**
   * when the person has authenticated at the provider, in seconds since 1970. 0: it should say, and
   * does not; undefined: it cannot say, so the present login counts
   */
  readonly authenticatedAt: number | undefined
  /**
   * Notes the login, in the transaction that opens the session.
   * @throws Refusal UNAUTHENTICATED if the provider was unlinked meanwhile
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<void>
}

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
        authenticatedAt: known.identity.authenticatedAt,
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
