import type { LoginFlow } from '../login-flow.ts'
import { ProviderFault, providerFault } from './provider-fault.ts'
import type { ProviderIdentity } from './provider-identity.ts'

/** Requests to one provider. */
export type ProviderClient = {
  /** whether it can be asked to authenticate its user again, and says when it has */
  readonly reauthenticates: boolean
  /** Where the browser goes. @throws ProviderFault */
  authorizationUrl(flow: LoginFlow): Promise<string>
  /**
   * The user who has come back.
   * @param query of the request that came back
   * @param nowMs when the request came
   * @throws ProviderFault
   */
  identity(query: string, flow: LoginFlow, nowMs: number): Promise<ProviderIdentity>
}

export type ClientOptions = {
  readonly redirectUri: string
  /** for each request */
  readonly timeoutSeconds: number
  readonly monotonicClock: () => number
}

/** How many logins wait for one provider: a slow one must not hold all requests. */
const MOST_WAITING = 32

/** Bounds how many logins wait for a provider, and turns what its protocol throws into faults. */
export function boundedClient(protocol: ProviderClient): ProviderClient {
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
    reauthenticates: protocol.reauthenticates,
    authorizationUrl: (flow) => bounded(() => protocol.authorizationUrl(flow)),
    identity: (query, flow, nowMs) => bounded(() => protocol.identity(query, flow, nowMs))
  }
}

/** The request that came back, as a provider was told to make it. */
export function returnedUrl(redirectUri: string, query: string): URL {
  const url = new URL(redirectUri)
  url.search = query
  return url
}
