import { type Static, Type } from 'typebox'
import {
  readUpstreamTls,
  ServerName,
  type UpstreamTls,
  type UpstreamTlsEntry,
  UpstreamTlsFault
} from './upstream-tls.ts'

/** How the gateway verifies the auth service when it loads the key set. */
export const keySetTlsSettings = {
  GATEWAY_JWKS_CA_FILE: Type.Optional(Type.String()),
  GATEWAY_JWKS_SERVER_NAME: Type.Optional(ServerName),
  GATEWAY_JWKS_CERT_FILE: Type.Optional(Type.String()),
  GATEWAY_JWKS_KEY_FILE: Type.Optional(Type.String())
}

type KeySetTlsSettings = Static<ReturnType<typeof Type.Object<typeof keySetTlsSettings>>> & {
  readonly GATEWAY_JWKS_URL: string
}

const NAMES = {
  ca: 'GATEWAY_JWKS_CA_FILE',
  cert: 'GATEWAY_JWKS_CERT_FILE',
  key: 'GATEWAY_JWKS_KEY_FILE'
}

/**
 * Reads the files again at each call, so that a download has a certificate that was renewed; null without such settings.
 * @throws UpstreamTlsFault where a file cannot be used
 */
export function keySetTls(settings: KeySetTlsSettings): (() => UpstreamTls) | null {
  const entry = entryOf(settings)
  return Object.keys(entry).length === 0 ? null : () => readUpstreamTls(entry, NAMES)
}

/** What is wrong with these settings and their files. */
export function keySetTlsFaults(settings: KeySetTlsSettings): string[] {
  const [setting] = Object.keys(keySetTlsSettings).filter((name) => Object.hasOwn(settings, name))
  if (setting !== undefined && !/^https:/i.test(settings.GATEWAY_JWKS_URL)) {
    return [`${setting} has no effect without TLS: begin GATEWAY_JWKS_URL with https`]
  }
  try {
    keySetTls(settings)?.()
    return []
  } catch (error) {
    if (!(error instanceof UpstreamTlsFault)) throw error
    return [error.message]
  }
}

const entryOf = (settings: KeySetTlsSettings): UpstreamTlsEntry =>
  Object.fromEntries(
    Object.entries({
      caFile: settings.GATEWAY_JWKS_CA_FILE,
      serverName: settings.GATEWAY_JWKS_SERVER_NAME,
      certFile: settings.GATEWAY_JWKS_CERT_FILE,
      keyFile: settings.GATEWAY_JWKS_KEY_FILE
    }).filter(([, value]) => value !== undefined)
  )
