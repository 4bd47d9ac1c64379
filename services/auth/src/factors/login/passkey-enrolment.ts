import { withFactor } from '../../sessions/authentication.ts'
import type { Answerer } from '../factor-answers.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { challengeInvalid, factorRequired, factorsOff } from '../factor-refusals.ts'
import {
  type PasskeyRegistration,
  registrationOptions,
  verifyRegistration
} from '../passkeys/passkey-registration.ts'
import { methodsOf, storePasskey } from '../store-passkey.ts'
import type { WaitingLogin } from './answer-challenge.ts'
import { countAttempt, provenBy } from './login-challenges.ts'
import { type EnrolledLogin, enrolling } from './login-enrolment.ts'

/** @throws Refusal FACTOR_REQUIRED if the account has a factor; FORBIDDEN if none can be added */
function requireFirst({ policy }: FactorPorts, { account, shown }: WaitingLogin): void {
  if (account.factors > 0) throw factorRequired(shown)
  if (policy.mode === 'off') throw factorsOff()
}

/**
 * The options with which a login makes the first factor of its account.
 * @throws Refusal FACTOR_REQUIRED; FORBIDDEN if no passkey can be added here
 */
export async function askForFirstPasskey(ports: FactorPorts, waiting: WaitingLogin) {
  requireFirst(ports, waiting)
  return await registrationOptions(ports, waiting.account, waiting.challenge.digest)
}

/**
 * Stores the passkey, and completes the login. Each attempt is counted: nothing can be guessed, but
 * a verification takes time.
 * @throws Refusal FACTOR_REQUIRED, FORBIDDEN; INVALID_REQUEST if the passkey is not valid;
 * UNAUTHENTICATED if the challenge was used or has had too many answers
 */
export async function enrolPasskey(
  ports: FactorPorts,
  waiting: WaitingLogin,
  { given, name }: { readonly given: PasskeyRegistration; readonly name: string },
  { source, language }: Answerer
): Promise<EnrolledLogin> {
  requireFirst(ports, waiting)
  const { db, clock, mail } = ports
  const { account, challenge } = waiting
  if ((await countAttempt(db, challenge, clock())) === null) {
    throw challengeInvalid('the challenge was used, or has had too many answers')
  }
  const ceremony = { subject: account.id, within: challenge.digest }
  const made = await verifyRegistration(ports, given, ceremony)
  const change = { source, language, clock, mail }
  const enrolled = await enrolling(ports, waiting, (transaction) =>
    storePasskey(transaction, account, { made, name, sid: null }, change)
  )
  const amr = withFactor(provenBy(challenge), methodsOf(made))
  return { ...enrolled, amr, succeeded: async () => {} }
}
