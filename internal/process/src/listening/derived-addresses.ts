import { defaultPorts, type PortSetting } from '@gatehouse/settings/default-ports'
import { settingNames } from '@gatehouse/tls/setting-names'

/** Addresses in settings that are derived from ports on this machine. */
type DerivedAddresses = {
  readonly TOKEN_ISSUER: string
  readonly AUTH_URL: string
  readonly ORDERS_URL: string
  readonly ECHO_URL: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * How a listener is addressed.
 * @param listener the prefix of its settings, for example `AUTH_OPS`
 */
export const schemeOf = (listener: string, environment: Environment): 'http' | 'https' =>
  environment[settingNames(listener).cert]?.trim() ? 'https' : 'http'

/**
 * The values of unset settings if every process runs on this machine. A port 0 is not known before
 * the start, so the default port is used instead: the issuer of tokens must not change with a
 * restart. Pure.
 */
export function derivedAddresses(environment: Environment): DerivedAddresses {
  const portOf = (name: PortSetting): string => {
    const port = environment[name]?.trim() ?? ''
    return /^[1-9]\d*$/.test(port) ? port : String(defaultPorts[name])
  }
  return {
    TOKEN_ISSUER: `${schemeOf('GATEWAY', environment)}://localhost:${portOf('GATEWAY_PORT')}`,
    AUTH_URL: `${schemeOf('AUTH', environment)}://127.0.0.1:${portOf('AUTH_PORT')}`,
    ORDERS_URL: `${schemeOf('ORDERS', environment)}://127.0.0.1:${portOf('ORDERS_PORT')}`,
    ECHO_URL: `${schemeOf('ECHO', environment)}://127.0.0.1:${portOf('ECHO_PORT')}`
  }
}
