import { ageOf, type LoginFlow } from '../login-flow.ts'
import type { OpenidEntry } from '../provider-entry.ts'
import { discovery } from './discovery.ts'
import { openidIdentity } from './openid-identity.ts'
import { type ClientOptions, type ProviderClient, returnedUrl } from './provider-client.ts'

/** OpenID Connect Core, with discovery and PKCE. */
export function openidProtocol(entry: OpenidEntry, options: ClientOptions): ProviderClient {
  const { redirectUri } = options
  const discovered = discovery(entry, options)
  return {
    reauthenticates: entry.reauthentication,
    async authorizationUrl(flow) {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
      const url = buildAuthorizationUrl(await discovered(), {
        redirect_uri: redirectUri,
        scope: entry.scopes.join(' '),
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
        ...whenAuthenticated(entry, flow)
      })
      return url.href
    },
    async identity(query, flow, nowMs) {
      const { issuer, require: required, roleMapping, claimMapping } = entry
      const mapping = { roleMapping, claimMapping }
      const url = returnedUrl(redirectUri, query)
      const maxAge = flow.prompt === 'login' ? ageOf(flow, nowMs) : null
      const now = entry.reauthentication ? Math.floor(nowMs / 1000) : null
      const expected = { issuer, flow, required, mapping, maxAge, now }
      return await openidIdentity(await discovered(), url, expected)
    }
  }
}

/** a year, in seconds: longer than users stay signed in */
const LONGEST_AGE = 31_536_000

/**
 * With `max_age`, the ID token must say when the user has authenticated (OpenID Connect Core
 * §3.1.2.1), even if the age does not matter.
 */
function whenAuthenticated(
  { reauthentication }: OpenidEntry,
  { prompt }: Pick<LoginFlow, 'prompt'>
): Record<string, string> {
  if (prompt === 'login') return { prompt, max_age: '0' }
  return reauthentication ? { max_age: String(LONGEST_AGE) } : {}
}
