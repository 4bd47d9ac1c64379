import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client'
import { isLocalIssuer, type OpenidEntry, sameIssuer } from '../provider-entry.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { ClientOptions } from './provider-client.ts'
import { ProviderFault } from './provider-fault.ts'

/** After this time, the metadata of a provider are read again. */
const FRESH_MS = 3_600_000
/** After a failed read, they are read again after this time. */
const RETRY_MS = 60_000
/** If reading fails, the earlier ones remain in use for at most this time. */
const USABLE_MS = 86_400_000

/**
 * Discovers a provider (OpenID Connect Discovery) when it is first needed, and again in the
 * background when its metadata are old. Requests wait for an attempt only if there is nothing to
 * use, and share it: a provider whose metadata cannot be read for a while still signs users in.
 */
export function discovery(
  entry: OpenidEntry,
  { timeoutSeconds, monotonicClock }: Pick<ClientOptions, 'timeoutSeconds' | 'monotonicClock'>
): () => Promise<Configuration> {
  let known: { readonly configuration: Configuration; readonly untilMs: number } | null = null
  let attempt: Promise<Configuration> | null = null
  let nextMs = 0

  const discoverAgain = async (): Promise<Configuration> => {
    try {
      const configuration = await discover(entry, timeoutSeconds)
      const nowMs = monotonicClock()
      known = { configuration, untilMs: nowMs + USABLE_MS }
      nextMs = nowMs + FRESH_MS
      return configuration
    } catch (error) {
      nextMs = monotonicClock() + RETRY_MS
      throw error
    } finally {
      attempt = null
    }
  }

  return () => {
    const nowMs = monotonicClock()
    const usable = known !== null && nowMs < known.untilMs ? known.configuration : null
    if (usable !== null && (attempt !== null || nowMs < nextMs)) return Promise.resolve(usable)
    attempt ??= discoverAgain()
    if (usable === null) return attempt
    // What is known remains in use.
    attempt.catch(() => {})
    return Promise.resolve(usable)
  }
}

async function discover(entry: OpenidEntry, timeout: number): Promise<Configuration> {
  const client = await import('openid-client')
  const { issuer, clientId } = entry
  const isLocal = isLocalIssuer(issuer)
  const found = await client.discovery(new URL(issuer), clientId, {}, await clientAuth(entry), {
    timeout,
    [client.customFetch]: boundedFetch(isLocal) as CustomFetch,
    execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])]
  })
  // For some hosts of Microsoft, openid-client accepts any issuer.
  if (!sameIssuer(found.serverMetadata().issuer, issuer)) {
    throw new ProviderFault('invalid', 'the metadata are of another issuer')
  }
  requireSafePage(found.serverMetadata().authorization_endpoint, isLocal)
  return found
}

/** The browser of a user goes there. */
function requireSafePage(address: string | undefined, isLocal: boolean): void {
  const url = URL.parse(address ?? '')
  const isSafe = url?.protocol === 'https:' || (isLocal && isLoopbackOrigin(url?.origin ?? ''))
  if (!isSafe) {
    throw new ProviderFault('invalid', 'the metadata have no https address of a login page')
  }
}

/** How the auth service proves that it is the client (RFC 6749 §2.3.1). */
async function clientAuth({
  clientSecret,
  clientAuthentication
}: OpenidEntry): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost, None } = await import('openid-client')
  if (clientSecret === null) return None()
  const authenticate = clientAuthentication === 'basic' ? ClientSecretBasic : ClientSecretPost
  return authenticate(clientSecret)
}
