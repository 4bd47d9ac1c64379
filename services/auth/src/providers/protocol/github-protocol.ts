import type { Configuration } from 'openid-client'
import { readsMemberships } from '../mapping/github-claims.ts'
import { type GithubEntry, isLocalIssuer } from '../provider-entry.ts'
import { type BoundedFetch, boundedFetch } from './bounded-fetch.ts'
import { githubIdentity } from './github-identity.ts'
import { type ClientOptions, type ProviderClient, returnedUrl } from './provider-client.ts'
import { ProviderFault } from './provider-fault.ts'

/** The least that shows a private address. The public profile needs no scope. */
const SCOPE = 'user:email'
/** also shows the organizations and teams of the user */
const MEMBERSHIPS_SCOPE = 'read:org'

/**
 * GitHub: OAuth 2.0 without OpenID Connect. The code is bound to the browser by `state` and by
 * PKCE, and to this provider by its own redirect URI (RFC 9700 §4.4.2), and by `iss` if there is
 * one. Who came back is asked of the API, with the access token of this login, which is then
 * forgotten.
 */
export function githubProtocol(entry: GithubEntry, options: ClientOptions): ProviderClient {
  const { redirectUri, timeoutSeconds } = options
  const fetch = boundedFetch(isLocalIssuer(entry.url))
  const configured = configuration(entry, timeoutSeconds, fetch)
  return {
    // It has no parameter for that.
    reauthenticates: false,
    async authorizationUrl(flow) {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
      const url = buildAuthorizationUrl(await configured(), {
        redirect_uri: redirectUri,
        scope: readsMemberships(entry) ? `${SCOPE} ${MEMBERSHIPS_SCOPE}` : SCOPE,
        state: flow.state,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256'
      })
      return url.href
    },
    async identity(query, flow) {
      const { authorizationCodeGrant } = await import('openid-client')
      const url = returnedUrl(redirectUri, query)
      const { access_token: accessToken } = await authorizationCodeGrant(await configured(), url, {
        expectedState: flow.state,
        pkceCodeVerifier: flow.verifier
      })
      // One deadline for all of them.
      const signal = AbortSignal.timeout(timeoutSeconds * 1000)
      return await githubIdentity(entry, { accessToken, fetch, signal })
    }
  }
}

/** Nothing is discovered: the addresses of GitHub are documented, and do not change. */
function configuration(
  { url, issuer, clientId, clientSecret }: GithubEntry,
  timeoutSeconds: number,
  fetch: BoundedFetch
): () => Promise<Configuration> {
  let made: Configuration | null = null
  return async () => {
    if (made !== null) return made
    const client = await import('openid-client')
    const metadata = {
      issuer,
      authorization_endpoint: `${url}/login/oauth/authorize`,
      token_endpoint: `${url}/login/oauth/access_token`
    }
    const secret = client.ClientSecretPost(clientSecret)
    made = new client.Configuration(metadata, clientId, {}, secret)
    made.timeout = timeoutSeconds
    made[client.customFetch] = async (address, init) =>
      withErrorStatus(await fetch(address, init as RequestInit))
    if (isLocalIssuer(url)) client.allowInsecureRequests(made)
    return made
  }
}

/**
 * GitHub refuses a code with the status 200 and an `error`. RFC 6749 §5.2, which openid-client
 * expects, has the status 400.
 */
async function withErrorStatus(response: Response): Promise<Response> {
  if (response.status !== 200) return response
  const { headers } = response
  const body = await response.text()
  const error = errorIn(body)
  if (error === 'unverified_user_email') {
    throw new ProviderFault('denied', 'the user has not verified the primary address at GitHub')
  }
  return new Response(body, { status: error === undefined ? 200 : 400, headers })
}

function errorIn(body: string): unknown {
  try {
    return JSON.parse(body)?.error
  } catch {
    return undefined
  }
}
