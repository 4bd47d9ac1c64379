import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import { BY_CODE, BY_PASSWORD, withFactor } from '../../sessions/authentication.ts'
import type { Answerer } from '../factor-answers.ts'
import { confirmFactor, lockForFactors } from '../factor-changes.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { challengeInvalid, wrongFactor } from '../factor-refusals.ts'
import { findPending, matchTotp } from '../totp/totp-factors.ts'
import { countedAnswer, type WaitingLogin } from './answer-challenge.ts'
import { useChallenge } from './login-challenges.ts'

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
 * opened after it. If opening the session fails, the factor stays: the user signs in with it, and
 * can request new recovery codes.
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
  return await db.transaction().execute(async (transaction) => {
    await lockForFactors(transaction, account.id, { sid: null, nowMs: clock() })
    if (!(await useChallenge(transaction, challenge, clock()))) {
      throw challengeInvalid('another request has used the challenge')
    }
    const added = { match: right, sid: null }
    const { source, language } = answerer
    const change = { source, language, clock, mail: ports.mail }
    const confirmed = await confirmFactor(transaction, account, added, change)
    if (confirmed === null) throw wrongFactor(shown, 'totp')
    const latest = await accountStore(transaction).findById(account.id)
    if (latest === null || latest.passwordVersion !== account.passwordVersion) {
      throw challengeInvalid('the account has changed since the challenge')
    }
    const { recoveryCodes, ended } = confirmed
    return {
      account: latest,
      amr: withFactor(BY_PASSWORD, BY_CODE),
      recoveryCodes: recoveryCodes ?? [],
      ended,
      succeeded: () => own.succeeded()
    }
  })
}
