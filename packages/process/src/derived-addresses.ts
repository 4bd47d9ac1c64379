import { defaultPorts, type PortSetting } from '@gatehouse/settings/default-ports'

/** Addresses in settings that are derived from ports on this machine. */
export type DerivedAddresses = {
  readonly TOKEN_ISSUER: string
  readonly AUTH_URL: string
  readonly ORDERS_URL: string
  readonly ECHO_URL: string
}

/**
 * The values of unset settings if every process runs on this machine. A port 0 is not known before
 * the start, so the default port is used instead: the issuer of tokens must not change with a
 * restart. Pure.
 */
export function derivedAddresses(
  environment: Readonly<Record<string, string | undefined>>
): DerivedAddresses {
  const portOf = (name: PortSetting): string => {
    const port = environment[name]?.trim() ?? ''
    return /^[1-9]\d*$/.test(port) ? port : String(defaultPorts[name])
  }
  const scheme = environment.GATEWAY_TLS_CERT_FILE ? 'https' : 'http'
  return {
    TOKEN_ISSUER: `${scheme}://localhost:${portOf('GATEWAY_PORT')}`,
    AUTH_URL: `http://127.0.0.1:${portOf('AUTH_PORT')}`,
    ORDERS_URL: `http://127.0.0.1:${portOf('ORDERS_PORT')}`,
    ECHO_URL: `http://127.0.0.1:${portOf('ECHO_PORT')}`
  }
}
