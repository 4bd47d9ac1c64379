import { type Environment, readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import {
  type ClientTlsReader,
  clientTlsFaults,
  clientTlsReader,
  clientTlsSettings
} from '@gatehouse/tls/client-settings'
import { Refused } from '../failures.ts'

/** How the command line verifies the ops listener, and which certificate it shows there. */
export const opsTlsSettings = clientTlsSettings('AUTH_OPS')

/** @throws Refused if a setting or a file cannot be used */
export function clientTls(environment: Environment, url: string): ClientTlsReader | null {
  try {
    const settings = readSettings(opsTlsSettings, environment)
    const faults = clientTlsFaults('AUTH_OPS', settings, url)
    if (faults.length > 0) throw new SettingsFault(faults)
    return clientTlsReader('AUTH_OPS', settings)
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    throw new Refused('BAD_ADDRESS', `${error.faults.join('; ')}.`)
  }
}

const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_|CERT_|ALTNAME/
/** Listeners that demand a certificate close the connection, often without a word. */
const FAILED = /^(EPROTO|ECONNRESET|UND_ERR_SOCKET|ERR_SSL_|ERR_OSSL_)/

/** What an operator can do if TLS with the listener failed; null if that was not the reason. */
export function tlsHint(error: unknown, url: string): string | null {
  if (!/^https:/i.test(url)) return null
  const { code = '' } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string }
  if (UNTRUSTED.test(code)) {
    return 'Its certificate is not trusted: AUTH_OPS_CA_FILE names the authority, AUTH_OPS_SERVER_NAME the name in the certificate.'
  }
  if (FAILED.test(code)) {
    return 'TLS failed: check that the port uses TLS, and AUTH_OPS_CERT_FILE and AUTH_OPS_KEY_FILE if it demands a certificate.'
  }
  return null
}
