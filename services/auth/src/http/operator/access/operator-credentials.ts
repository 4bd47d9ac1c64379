import { createHash, timingSafeEqual } from 'node:crypto'
import type { ConsoleSecrets } from '../../../operators/console-sessions.ts'
import type { Operators } from '../../../operators/open-operators.ts'
import {
  type ActingOperator,
  BOOTSTRAP,
  bootstrapOperator,
  isOperatorToken,
  operatorTokenDigest
} from '../../../operators/operator.ts'

/** Finds out who an operator is. Each returns null if nobody has these credentials. */
export type OperatorCredentials = {
  ofToken(token: string): Promise<ActingOperator | null>
  ofTokenDigest(digest: string): Promise<ActingOperator | null>
  /** The digest of the newest token of an operator, by name. */
  tokenDigestOf(name: string): Promise<string | null>
  /** @param isUse as `ConsoleSessions.find` has it */
  ofSession(secrets: ConsoleSecrets, isUse: boolean): Promise<ActingOperator | null>
}

/** @param bootstrap the bootstrap token */
export function operatorCredentials(
  bootstrap: string,
  { named, sessions }: Pick<Operators, 'named' | 'sessions'>
): OperatorCredentials {
  const expected = operatorTokenDigest(bootstrap)
  const ofTokenDigest = async (digest: string): Promise<ActingOperator | null> =>
    isSame(digest, expected) ? bootstrapOperator(digest) : await named.find(digest)
  return {
    ofTokenDigest,
    tokenDigestOf: async (name) =>
      name === BOOTSTRAP ? expected : await named.tokenDigestOf(name),
    async ofToken(token) {
      const digest = operatorTokenDigest(token)
      if (isSame(digest, expected)) return bootstrapOperator(digest)
      return isOperatorToken(token) ? await named.find(digest) : null
    },
    async ofSession(secrets, isUse) {
      const session = await sessions.find(secrets, isUse)
      if (session === null) return null
      const operator = await ofTokenDigest(session.tokenDigest)
      return operator && { ...operator, tokenDigest: null, session: session.digest }
    }
  }
}

/** Compares in constant time, whatever the lengths are. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other))

const sha256 = (text: string) => createHash('sha256').update(text).digest()
