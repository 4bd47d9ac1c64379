import type { FactorAnswer } from '../../../factors/factor-methods.ts'
import { oneAnswer } from '../../../factors/factor-refusals.ts'
import type { PasskeyAssertion } from '../../../factors/passkeys/passkey-assertion.ts'
import { digitsOf } from './factor-schemas.ts'

/** The members of a body that prove a second factor. */
type Given = {
  readonly totp?: string | undefined
  readonly recoveryCode?: string | undefined
  readonly passkey?: PasskeyAssertion | undefined
}

/** @throws Refusal INVALID_REQUEST unless there is exactly one */
export function answerOf({ totp, recoveryCode, passkey }: Given): FactorAnswer {
  const answers: FactorAnswer[] = []
  if (totp !== undefined) answers.push({ method: 'totp', code: digitsOf(totp) })
  if (recoveryCode !== undefined) answers.push({ method: 'recoveryCode', code: recoveryCode })
  if (passkey !== undefined) answers.push({ method: 'passkey', assertion: passkey })
  const [answer] = answers
  if (answer === undefined || answers.length > 1) throw oneAnswer()
  return answer
}
