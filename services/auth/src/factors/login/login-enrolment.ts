import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { Tables } from '../../database/tables.ts'
import { BY_CODE, withFactor } from '../../sessions/authentication.ts'
import type { Answerer } from '../factor-answers.ts'
import { type ConfirmedFactor, confirmFactor, lockForFactors } from '../factor-changes.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { challengeInvalid, wrongFactor } from '../factor-refusals.ts'
import { findPending, matchTotp } from '../totp/totp-factors.ts'
import { countedAnswer, useFirstProof, type WaitingLogin } from './answer-challenge.ts'
import { isChallengeOf, provenBy } from './login-challenges.ts'

/** A login that has added the first factor of its account. */
export type EnrolledLogin = {
  /** as it is now: the session is opened for this one */
  readonly account: Account
  /** as `ProvenLogin` has it */
  readonly amr: readonly string[]
  readonly recoveryCodes: readonly string[]
  /** the sessions that it ended: the caller must publish them to the session store */
  readonly ended: readonly string[]
  succeeded(): Promise<void>
}

/**
 * The factor, its recovery codes and the use of the challenge are one transaction; the session is
 * opened after it. If opening the session fails, the factor stays: the user is told to sign in with
 * it, and can request new recovery codes.
 */
export async function enrolByLogin(
  ports: FactorPorts,
  waiting: WaitingLogin,
  code: string,
  answerer: Answerer
): Promise<EnrolledLogin> {
  const { db, sealing, clock } = ports
  const { account, challenge, shown } = waiting
  const compare = async () => {
    const row = await findPending(db, account.id, null, clock())
    return row === null ? null : matchTotp([row], code, sealing, clock())
  }
  const { right, own } = await countedAnswer(ports, waiting, answerer, 'totp', compare)
  const enrolled = await enrolling(ports, waiting, async (transaction) => {
    const added = { match: right, sid: null }
    const { source, language } = answerer
    const change = { source, language, clock, mail: ports.mail }
    const confirmed = await confirmFactor(transaction, account, added, change)
    if (confirmed === null) throw wrongFactor(shown, 'totp')
    return confirmed
  })
  return {
    ...enrolled,
    amr: withFactor(provenBy(challenge), BY_CODE),
    succeeded: () => own.succeeded()
  }
}

/**
 * Adds the first factor of an account and uses the challenge of the login, in one transaction.
 * @throws Refusal UNAUTHENTICATED if the challenge was used, or the account has changed
 */
export async function enrolling(
  ports: Pick<FactorPorts, 'db' | 'clock' | 'noteIdentityUse'>,
  waiting: WaitingLogin,
  add: (transaction: Kysely<Tables>) => Promise<ConfirmedFactor>
): Promise<Omit<EnrolledLogin, 'amr' | 'succeeded'>> {
  const { db, clock } = ports
  const { account, challenge } = waiting
  return await db.transaction().execute(async (transaction) => {
    await lockForFactors(transaction, account.id, { sid: null, nowMs: clock() })
    await useFirstProof(ports, transaction, waiting, clock())
    const accounts = accountStore(transaction)
    // It is locked now. If it has got a factor meanwhile, the password alone must not add another.
    const locked = await accounts.findById(account.id)
    if (locked === null || !isChallengeOf(challenge, locked)) throw accountChanged()
    const { recoveryCodes, ended } = await add(transaction)
    const latest = await accounts.findById(account.id)
    if (latest === null) throw accountChanged()
    return { account: latest, recoveryCodes: recoveryCodes ?? [], ended }
  })
}

const accountChanged = () => challengeInvalid('the account has changed since the challenge')
