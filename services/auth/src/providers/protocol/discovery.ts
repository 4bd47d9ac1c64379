import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client'
import { isLocalIssuer, type ProviderEntry } from '../provider-file.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { ProviderFault } from './provider-fault.ts'

export type DiscoveryOptions = {
  /** for each request */
  readonly timeoutSeconds: number
  readonly monotonicClock: () => number
}

/** The metadata of a provider are read again after this time. */
const FRESH_MS = 3_600_000

/**
 * Discovers a provider (OpenID Connect Discovery) when it is needed first, and again when that is
 * old or has failed. Requests at the same time share one attempt.
 */
export function discovery(
  entry: ProviderEntry,
  { timeoutSeconds, monotonicClock }: DiscoveryOptions
): () => Promise<Configuration> {
  let current: Promise<Configuration> | null = null
  let untilMs = 0
  return () => {
    if (current === null || monotonicClock() >= untilMs) {
      untilMs = monotonicClock() + FRESH_MS
      const attempt = discover(entry, timeoutSeconds)
      current = attempt
      attempt.catch(() => {
        if (current === attempt) current = null
      })
    }
    return current
  }
}

async function discover(entry: ProviderEntry, timeout: number): Promise<Configuration> {
  const client = await import('openid-client')
  const { issuer, clientId } = entry
  const isLocal = isLocalIssuer(issuer)
  const found = await client.discovery(new URL(issuer), clientId, {}, await clientAuth(entry), {
    timeout,
    [client.customFetch]: boundedFetch(isLocal) as CustomFetch,
    execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])]
  })
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
}: ProviderEntry): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost, None } = await import('openid-client')
  if (clientSecret === null) return None()
  const authenticate = clientAuthentication === 'basic' ? ClientSecretBasic : ClientSecretPost
  return authenticate(clientSecret)
}
