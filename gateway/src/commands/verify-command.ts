import { COMMAND_SECONDS, COMMAND_TYPE, Command } from '@gatehouse/fleet/commands'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { Value } from 'typebox/value'
import { type SignatureAlgorithm, signatureAlgorithms } from '../keys/algorithms.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'

type VerifierOptions = {
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'find' | 'isWithdrawn'>
  readonly checkSignature: CheckSignature
  /** of this gateway */
  readonly id: string
  /** milliseconds since 1970 */
  readonly clock: () => number
}

/**
 * A signed command. null: our auth service has not signed it, it is for other gateways or another
 * question, or it is too old.
 */
export type VerifyCommand = (text: string, question: string) => Promise<Command | null>

/** How far the clocks of the auth service and of a gateway may differ. */
const SKEW_SECONDS = 60

/** Whoever can write to the store can write commands too, so only a signed one counts. */
export const commandVerifier =
  ({ keys, checkSignature, id, clock }: VerifierOptions): VerifyCommand =>
  async (text, question) => {
    const signed = await commandOf(text, keys, checkSignature)
    if (signed === null || signed.id !== question || !signed.to.includes(id)) return null
    const ageSeconds = clock() / 1000 - signed.iat
    return ageSeconds > COMMAND_SECONDS + SKEW_SECONDS || ageSeconds < -SKEW_SECONDS ? null : signed
  }

/**
 * Tells whether a command is seen for the first time. The same one may be written again as long as
 * it is not too old.
 */
export function oncePerCommand(clock: () => number): (command: Command) => boolean {
  /** the time of their signature, in seconds since 1970 */
  const seen = new Map<string, number>()
  return ({ id, iat }) => {
    if (seen.has(id)) return false
    for (const [old, signedAt] of seen) {
      if (clock() / 1000 - signedAt > COMMAND_SECONDS + 2 * SKEW_SECONDS) seen.delete(old)
    }
    seen.set(id, iat)
    return true
  }
}

async function commandOf(
  text: string,
  keys: VerifierOptions['keys'],
  checkSignature: CheckSignature
): Promise<Command | null> {
  const read = readText(text)
  if (read === null) return null
  const { kid, algorithm, payload } = read
  const key = await keys.find(kid, algorithm)
  if (key === null || keys.isWithdrawn(kid)) return null
  if (!checkSignature(text, key, algorithm)) return null
  return Value.Check(Command, payload) ? payload : null
}

/** The contents of a command. Its signature is not checked. */
type ReadText = {
  readonly kid: string
  readonly algorithm: SignatureAlgorithm
  readonly payload: unknown
}

function readText(text: string): ReadText | null {
  try {
    const { alg, kid, typ } = decodeProtectedHeader(text)
    const algorithm = signatureAlgorithms.find((one) => one === alg)
    const isCommand = typ === COMMAND_TYPE && kid !== undefined && algorithm !== undefined
    return isCommand ? { kid, algorithm, payload: decodeJwt(text) } : null
  } catch {
    return null
  }
}
