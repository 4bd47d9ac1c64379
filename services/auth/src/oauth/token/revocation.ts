import type { RequestSource } from '../../audit/audit-event.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { invalidGrant, unsupportedTokenType } from '../oauth-refusals.ts'
import type { RecogniseToken } from './recognise-token.ts'

/**
 * @throws OAuthRefusal invalid_grant for another client's token, unsupported_token_type for a
 * machine client's own
 */
export type Revoke = (text: string, clientId: string, source: RequestSource) => Promise<void>

/**
 * Revokes a token by ending its session, which revokes every token of the session (RFC 7009 §2.1).
 * An unknown or expired token is not an error (§2.2).
 */
export function revocation(options: {
  recognise: RecogniseToken
  sessions: Pick<Sessions, 'end' | 'endOne'>
}): Revoke {
  const { recognise, sessions } = options
  return async (text, clientId, source) => {
    const token = await recognise(text)
    if (token === null) return
    if (token.owner !== clientId) throw invalidGrant('a token of another client')
    if (token.kind === 'refresh') {
      await sessions.end({ subject: token.token.subject, sid: token.sid }, source)
      return
    }
    const { sub, sid } = token.claims
    // The session of an exchanged token is its user's. A service must not end it.
    if (sid === undefined || token.delegation !== null) throw unsupportedTokenType()
    await sessions.endOne(sub, sid, source)
  }
}
