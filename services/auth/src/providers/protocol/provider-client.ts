import type { LoginFlow } from '../login-flow.ts'
import type { ProviderEntry } from '../provider-file.ts'
import { type DiscoveryOptions, discovery } from './discovery.ts'
import { openidIdentity } from './openid-identity.ts'
import { ProviderFault, providerFault } from './provider-fault.ts'
import type { ProviderIdentity } from './provider-identity.ts'

/** Requests to one provider (OpenID Connect Core, with discovery and PKCE). */
export type ProviderClient = {
  /** Where the browser goes. @throws ProviderFault */
  authorizationUrl(flow: LoginFlow): Promise<string>
  /**
   * The user who has come back.
   * @param query of the request that came back
   * @throws ProviderFault
   */
  identity(query: string, flow: LoginFlow): Promise<ProviderIdentity>
}

export type ClientOptions = DiscoveryOptions & { readonly redirectUri: string }

/** How many logins wait for one provider: a slow one must not hold all requests. */
const MOST_WAITING = 32

export function providerClient(entry: ProviderEntry, options: ClientOptions): ProviderClient {
  const { redirectUri } = options
  const discovered = discovery(entry, options)
  let waiting = 0
  const bounded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (waiting >= MOST_WAITING) {
      throw new ProviderFault('unavailable', 'too many logins wait for the provider')
    }
    waiting += 1
    try {
      return await work()
    } catch (error) {
      throw providerFault(error)
    } finally {
      waiting -= 1
    }
  }
  return {
    authorizationUrl: (flow) =>
      bounded(async () => {
        const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
        const url = buildAuthorizationUrl(await discovered(), {
          redirect_uri: redirectUri,
          scope: entry.scopes.join(' '),
          state: flow.state,
          nonce: flow.nonce,
          code_challenge: await calculatePKCECodeChallenge(flow.verifier),
          code_challenge_method: 'S256'
        })
        return url.href
      }),
    identity: (query, flow) =>
      bounded(async () => {
        const url = new URL(redirectUri)
        url.search = query
        const { issuer, require: required } = entry
        return await openidIdentity(await discovered(), url, { issuer, flow, required })
      })
  }
}
