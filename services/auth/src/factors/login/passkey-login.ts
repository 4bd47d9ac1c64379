import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import { withFactor } from '../../sessions/authentication.ts'
import { type Answerer, guessedAnswer, useAnswer } from '../factor-answers.ts'
import { compareAnswer } from '../factor-methods.ts'
import type { FactorPorts } from '../factor-ports.ts'
import {
  type PasskeyAssertion,
  type PasskeyRequest,
  requestOptions
} from '../passkeys/passkey-assertion.ts'
import { passkeysOff, wrongPasskey } from '../passkeys/passkey-refusals.ts'
import { findPasskey, opensAlone, type PasskeyRow } from '../passkeys/passkey-store.ts'
import type { ProvenLogin } from './answer-challenge.ts'

/** A login without a password: the passkey determines the account. */
const ANYBODY = { purpose: 'login', subject: null, within: null } as const

/**
 * Asks for any passkey that its authenticator can find by itself. The options are the same for
 * everyone, so they reveal nothing about accounts.
 * @throws Refusal FORBIDDEN if passkeys alone open no session here
 */
export function askForLogin(ports: FactorPorts): PasskeyRequest {
  const options = ports.passkeys.mode === 'login' ? requestOptions(ports, ANYBODY, []) : null
  if (options === null) throw passkeysOff()
  return options
}

/**
 * The account that a passkey belongs to. Nothing is verified yet.
 * @throws Refusal FORBIDDEN; UNAUTHENTICATED, the same as for a wrong assertion
 */
export async function claimedByPasskey(
  { db, passkeys, audit }: FactorPorts,
  assertion: PasskeyAssertion,
  source: RequestSource
): Promise<Account> {
  if (passkeys.mode !== 'login' || passkeys.party === null) throw passkeysOff()
  const passkey = await findPasskey(db, assertion.id)
  const account = passkey === null ? null : await accountStore(db).findById(passkey.subject)
  if (passkey !== null && account !== null && isOpenTo(account, passkey)) return account
  await audit.write({ kind: 'login-failed', subject: account?.id ?? null, sid: null, source })
  throw wrongPasskey('unknown passkey, disabled account, or the password has changed since')
}

const isOpenTo = (account: Account, passkey: PasskeyRow): boolean =>
  !account.disabled && account.factors > 0 && opensAlone(passkey, account)

/**
 * Verifies an assertion, which is counted as a guess at the account before that. It must say that
 * the authenticator has verified its user: there is no other factor.
 * @throws Refusal UNAUTHENTICATED if it is wrong; RATE_LIMITED
 */
export async function answerByPasskey(
  ports: FactorPorts,
  account: Account,
  assertion: PasskeyAssertion,
  answerer: Answerer
): Promise<ProvenLogin> {
  const method = 'passkey'
  const { source, language } = answerer
  const asked = { ...ANYBODY, owner: account.id, passwordVersion: null, source, language }
  const compare = () => compareAnswer(ports, { method, assertion }, asked)
  const guessed = await guessedAnswer(ports, account, answerer, 'passkeyLogin', compare)
  if (guessed === null) throw wrongPasskey('the assertion is wrong')
  const { right, own } = guessed
  return {
    amr: withFactor([], right.amr),
    async use(transaction, nowMs) {
      const used = { ...answerer, account, method, right, mail: ports.mail } as const
      if (!(await useAnswer(transaction, used, nowMs))) {
        throw wrongPasskey('another request has used the challenge or the counter')
      }
    },
    succeeded: () => own.succeeded()
  }
}
