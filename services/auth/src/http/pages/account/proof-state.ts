import { refusalOf } from '../visits/refusal-of.ts'
import type { UserPage } from '../visits/signed-in.ts'

/** With what a signed-in user can prove who they are. */
export type ProofState = {
  readonly hasPasskey: boolean
  readonly hasTotp: boolean
  readonly hasPassword: boolean
}

export async function proofState({ ask }: UserPage): Promise<ProofState> {
  const answer = await ask({ method: 'GET', path: '/factors' })
  if (answer.status !== 200) throw refusalOf(answer)
  const factors = answer.body.factors as readonly { readonly type: 'passkey' | 'totp' }[]
  return {
    hasPasskey: factors.some(({ type }) => type === 'passkey'),
    hasTotp: factors.some(({ type }) => type === 'totp'),
    hasPassword: answer.body.hasPassword === true
  }
}
