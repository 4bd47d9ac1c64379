import type { RequestSource } from '../audit/audit-event.ts'
import { withdrawRights } from './identities/take-back-rights.ts'
import {
  isExpired,
  type LoginFlow,
  newFlow,
  sealFlow,
  unsealFlow,
  withResult
} from './login-flow.ts'
import { ProviderFault } from './protocol/provider-fault.ts'
import { keepLogin } from './provider-logins.ts'
import type { ProviderPorts } from './provider-ports.ts'
import {
  cannotReauthenticate,
  noLoginInProgress,
  noSuchProvider,
  returnNotAllowed
} from './provider-refusals.ts'

/** Where the browser goes, and the login that it keeps in a cookie. */
export type Begun = { readonly location: string; readonly flow: string }

/** Where the browser goes, and whether the login in its cookie is over. */
export type CameBack = { readonly location: string; readonly isOver: boolean }

type Asked = {
  /** absent: the default */
  readonly returnTo?: string
  /** of the page or app (RFC 7636, S256) */
  readonly codeChallenge: string
  readonly prompt?: 'login'
}

/**
 * Sends a browser to a provider. Nothing is stored, so strangers cannot fill the database.
 * @throws Refusal NOT_FOUND; INVALID_REQUEST if the login may not return there, or the provider
 * cannot be asked to authenticate its user again
 */
export async function beginLogin(
  ports: ProviderPorts,
  provider: string,
  { returnTo = ports.returnUrls[0] ?? '', ...asked }: Asked
): Promise<Begun> {
  const client = ports.clients.get(provider)
  if (client === undefined) throw noSuchProvider()
  if (!ports.returnUrls.includes(returnTo)) throw returnNotAllowed()
  if (asked.prompt === 'login' && !client.reauthenticates) throw cannotReauthenticate()
  const flow = newFlow({ ...asked, provider, returnTo }, ports.clock())
  const sealed = sealFlow(flow, ports.sealing)
  try {
    return { location: await client.authorizationUrl(flow), flow: sealed }
  } catch (error) {
    return { location: failed(ports, flow, error), flow: sealed }
  }
}

type Returned = {
  /** of the request, without `?` */
  readonly query: string
  /** the cookie; null: none */
  readonly flow: string | null
  readonly source: RequestSource
}

/**
 * Receives a browser from a provider. The login belongs to this browser and this provider: its
 * cookie has the `state`, and each provider has a redirect URI of its own (RFC 9700 §4.4).
 * @throws Refusal NOT_FOUND; INVALID_REQUEST if there is no login in the browser
 */
export async function comeBack(
  ports: ProviderPorts,
  provider: string,
  { query, flow: sealed, source }: Returned
): Promise<CameBack> {
  const client = ports.clients.get(provider)
  if (client === undefined) throw noSuchProvider()
  const flow = sealed === null ? null : unsealFlow(sealed, ports.sealing)
  if (flow === null) throw noLoginInProgress()
  const { returnTo } = flow
  const states = new URLSearchParams(query).getAll('state')
  // The cookie stays: another login of the browser may still be at its provider.
  if (flow.provider !== provider || states.length !== 1 || states[0] !== flow.state) {
    const error = new ProviderFault('invalid', 'the response belongs to no login of the browser')
    return { location: failed(ports, { provider, returnTo }, error), isOver: false }
  }
  const nowMs = ports.clock()
  if (isExpired(flow, nowMs)) {
    return { location: withResult(returnTo, { error: 'expired', provider }), isOver: true }
  }
  try {
    const code = await keepLogin(ports, flow, await client.identity(query, flow, nowMs))
    if (code === null) throw new ProviderFault('invalid', 'the state of the response was used')
    ports.count(provider, 'accepted')
    return { location: withResult(returnTo, { code, provider }), isOver: true }
  } catch (error) {
    const person = error instanceof ProviderFault ? error.person : null
    if (person !== null) await withdrawRights(ports, person, source)
    return { location: failed(ports, flow, error), isOver: true }
  }
}

/** @throws what is not a fault of the provider */
function failed(
  { count, log }: ProviderPorts,
  { provider, returnTo }: Pick<LoginFlow, 'provider' | 'returnTo'>,
  error: unknown
): string {
  if (!(error instanceof ProviderFault)) throw error
  count(provider, error.kind)
  log.warn({ provider, fault: error.kind, cause: error.message }, 'a login at a provider failed')
  return withResult(returnTo, { error: error.kind, provider })
}
