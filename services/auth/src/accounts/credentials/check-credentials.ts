import type { RequestSource } from '../../audit/audit-event.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import { ifAvailable } from '../../if-available.ts'
import { demandStoreTime } from '../../store-time.ts'
import type { Caller, Guesses } from '../../throttling/guesses.ts'
import type { Account } from '../account.ts'
import { tooManyPasswords, wrongCredentials } from '../account-refusals.ts'
import type { AccountStore } from '../account-store.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { type Turns, turns } from './turns.ts'

/** A claimed identity, and a password. */
export type Claim = {
  /** the claimed account; null if there is none */
  readonly account: Account | null
  readonly password: string
  /** the session whose user sends the password; absent for a login */
  readonly sid?: string
  readonly caller: Caller
  readonly source: RequestSource
}

/** The account that a password proves, and whether its caller was known before. */
type Proof = { readonly account: Account; readonly isKnown: boolean }

/**
 * Returns what a password proves. An unknown e-mail address, a wrong password and a
 * disabled account cost the same work and get the same response, even if the hashes of accounts
 * have several costs.
 * @throws Refusal UNAUTHENTICATED; RATE_LIMITED without checking the password; UNAVAILABLE
 */
export type CheckCredentials = (claim: Claim) => Promise<Proof>

/** per account */
const MOST_WAITING = 128
/** The share of the store time of a request that must be left before each of its waits. */
const SHARE_AFTER = 2 / 3

type CredentialPorts = {
  readonly accounts: Pick<AccountStore, 'replacePasswordHash' | 'passwordCosts'>
  readonly passwords: Passwords
  readonly guesses: Guesses
  readonly audit: AuditLog
  /** whether the password of an account is not enough for a login */
  readonly needsFactor: (account: Account) => boolean
}

export function credentialCheck(ports: CredentialPorts): CheckCredentials {
  const turnOf = turns(MOST_WAITING, tooManyPasswords)
  return async (claim) => {
    const { account, password, sid = null, source } = claim
    const proof = await proofOf(claim, ports, turnOf)
    if (proof === null) {
      const subject = account?.id ?? null
      await ports.audit.write({ kind: 'login-failed', subject, sid, source }, claim.caller.email)
      throw wrongCredentials()
    }
    await renewHash(proof.account, password, ports)
    return proof
  }
}

/**
 * A guess is counted when its account's turn has come, and settled before the next guess of the
 * account. So simultaneous guesses are limited like consecutive ones, and simultaneous right
 * passwords do not delay each other. Only the hash itself waits for a thread: a slow store must not
 * delay logins of other accounts.
 */
async function proofOf(
  { account, password, caller }: Claim,
  { accounts, passwords, guesses, needsFactor }: CredentialPorts,
  turnOf: Turns
): Promise<Proof | null> {
  const own = await guesses.by(caller)
  demandStoreTime(SHARE_AFTER)
  await own.refuseEarly()
  const costs = await accounts.passwordCosts()
  return await turnOf(caller.email, async () => {
    demandStoreTime(SHARE_AFTER)
    await own.take()
    const compare = () => passwords.inTurn((match) => match(account, password, costs))
    // If too many wait for a hash, its password is never compared.
    const matches = await own.comparing(compare)
    if (!matches || account === null || account.disabled) return null
    await own.succeeded(!needsFactor(account))
    return { account, isKnown: own.isKnown }
  })
}

/**
 * Replaces a hash with an outdated cost while the password is known. If the database or the queue
 * of hashes is not available now, a later login does it.
 */
async function renewHash(
  account: Account,
  password: string,
  { accounts, passwords }: CredentialPorts
): Promise<void> {
  const { id, passwordHash: before } = account
  if (!passwords.isOutdated(before)) return
  const replacing = passwords
    .hash(password)
    .then((after) => accounts.replacePasswordHash(id, before, after))
  await ifAvailable(replacing)
}
