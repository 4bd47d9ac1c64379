import { SIGNING_KEYS_PATH } from '@gatehouse/access-token/settings'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { derivedAddresses, schemeOf } from '@gatehouse/process/derived-addresses'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { freePort } from './free-port.ts'

export type SystemEnvironment = Record<string, string | undefined>

/** Other services need to know these. */
const knownPorts = ['AUTH_PORT', 'ORDERS_PORT', 'ECHO_PORT', 'GATEWAY_OPS_PORT'] as const

/** The public port and the ops ports, which no other service needs to know. */
const otherPorts = ['GATEWAY_PORT', 'AUTH_OPS_PORT', 'ORDERS_OPS_PORT', 'ECHO_OPS_PORT']

/**
 * Sets the ports and addresses of the services on one machine before they start. A port 0 ("any
 * free port") becomes a real port here, and the addresses follow from the ports.
 */
export async function resolveEnvironment(given: NodeJS.ProcessEnv): Promise<SystemEnvironment> {
  const ports: Record<string, string> = {}
  for (const name of knownPorts) {
    ports[name] = await realPort(given[name] || String(defaultPorts[name]))
  }
  for (const name of otherPorts) {
    if (given[name] === '0') ports[name] = await realPort('0')
  }
  const at = (listener: string) =>
    `${schemeOf(listener, given)}://127.0.0.1:${ports[`${listener}_PORT`]}`
  // An empty variable counts as unset.
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value?.trim()))
  const { TOKEN_ISSUER } = derivedAddresses(given)
  return {
    ...derivedAddresses({ ...given, ...ports }),
    TOKEN_ISSUER,
    GATEWAY_JWKS_URL: `${at('AUTH')}${SIGNING_KEYS_PATH}`,
    // The pages for users are shown, and lead to the example page. In production, no default is
    // right.
    ...(given.NODE_ENV === 'production'
      ? {}
      : { AUTH_APP_URL: `${TOKEN_ISSUER}/demo`, AUTH_PAGES: 'on' }),
    GATEWAY_KEYS_URL: `${at('GATEWAY_OPS')}${GATEWAY_KEYS_PATH}`,
    ...set,
    ...ports
  }
}

/** for requests in flight that did not come through the gateway: it has closed by then */
const INNER_LIMIT_SECONDS = 2

/** For a service behind the gateway: the gateway ends first, so the service need not drain. */
export function innerEnvironment(environment: SystemEnvironment): SystemEnvironment {
  const limit = environment.DRAIN_LIMIT_SECONDS
  const isShorter = limit !== undefined && Number(limit) < INNER_LIMIT_SECONDS
  return {
    ...environment,
    DRAIN_SECONDS: '0',
    DRAIN_LIMIT_SECONDS: isShorter ? limit : String(INNER_LIMIT_SECONDS)
  }
}

async function realPort(port: string): Promise<string> {
  return port === '0' ? String(await freePort()) : port
}
