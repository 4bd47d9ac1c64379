import { type Static, Type } from 'typebox'
import type { FactorAnswer } from '../../../factors/factor-methods.ts'
import { oneAnswer } from '../../../factors/factor-refusals.ts'
import { digitsOf, RecoveryCode, Totp } from './factor-schemas.ts'
import { PasskeyAssertion } from './passkey-schemas.ts'

/** The members of a body that prove a second factor. */
export const factorProof = {
  totp: Type.Optional(Totp),
  recoveryCode: Type.Optional(RecoveryCode),
  passkey: Type.Optional(PasskeyAssertion)
}

type Given = {
  readonly [Method in keyof typeof factorProof]?: Static<(typeof factorProof)[Method]> | undefined
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
