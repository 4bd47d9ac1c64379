import { isIP } from 'node:net'
import { canonicalOrigin, isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { originFault } from '@gatehouse/settings/origins'
import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'
import type { PasskeyPolicy } from './relying-party.ts'

/** The settings of passkeys. .env.example describes each of them. */
export const passkeySettings = {
  AUTH_PASSKEYS: Type.Enum(['login', 'factor', 'off'], { default: 'login' }),
  AUTH_PASSKEY_RP_ID: Type.String({ default: '' }),
  AUTH_PASSKEY_ORIGINS: Type.String({ default: '' })
}

export type PasskeyConfig = Static<ReturnType<typeof Type.Object<typeof passkeySettings>>> & {
  readonly AUTH_APP_URL: string
  readonly NODE_ENV: string
}

const LABEL = /^[a-z0-9_-]{1,63}$/
/** The origin of a native Android app: the SHA-256 of the certificate that signed it. */
const ANDROID_APP = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/

/** At least two labels in lower case, or `localhost`. False for an IP address. */
function isDomain(text: string): boolean {
  const labels = text.split('.')
  const isName = labels.length > 1 && /^[a-z]/.test(labels.at(-1) ?? '')
  return text === 'localhost' || (isName && labels.every((label) => LABEL.test(label)))
}

/**
 * The relying party that the settings name, or else the host of AUTH_APP_URL. No header of a
 * request changes it. Null for an IP address and, in production, for `localhost` unless
 * AUTH_PASSKEY_RP_ID names it.
 */
function relyingPartyOf(config: PasskeyConfig): PasskeyPolicy['party'] {
  const app = new URL(config.AUTH_APP_URL)
  const id = config.AUTH_PASSKEY_RP_ID || app.hostname
  if (!isDomain(id)) return null
  const isUnset = config.AUTH_PASSKEY_RP_ID === '' && isLoopbackOrigin(app.origin)
  if (isUnset && config.NODE_ENV === 'production') return null
  const given = words(config.AUTH_PASSKEY_ORIGINS)
  const origins = given.map((one) => (ANDROID_APP.test(one) ? one : (canonicalOrigin(one) ?? one)))
  return { id, origins: origins.length === 0 ? [app.origin] : origins }
}

export const passkeyPolicyOf = (config: PasskeyConfig): PasskeyPolicy => ({
  mode: config.AUTH_PASSKEYS,
  party: relyingPartyOf(config)
})

/** What is wrong with the settings. */
export function passkeyFaults(config: PasskeyConfig): string[] {
  const { AUTH_PASSKEY_RP_ID: given, AUTH_PASSKEY_ORIGINS, AUTH_APP_URL } = config
  const app = URL.parse(AUTH_APP_URL)
  if (given !== '' && !isDomain(given)) {
    return ['AUTH_PASSKEY_RP_ID must be a domain in lower case, such as example.com']
  }
  const origins = words(AUTH_PASSKEY_ORIGINS)
  const id = given || (app?.hostname ?? '')
  if (origins.length === 0) {
    return given === '' || (app !== null && isOfDomain(app.hostname, id))
      ? []
      : [`AUTH_PASSKEY_ORIGINS must be set: the host of AUTH_APP_URL is not in ${id}`]
  }
  if (isIP(id) !== 0 || !isDomain(id)) return ['AUTH_PASSKEY_ORIGINS needs AUTH_PASSKEY_RP_ID']
  return origins.flatMap((entry, index) => {
    const fault = ANDROID_APP.test(entry) ? null : passkeyOriginFault(entry, id, config.NODE_ENV)
    return fault === null
      ? []
      : [`AUTH_PASSKEY_ORIGINS must be a list of origins: entry ${index + 1} ${fault}`]
  })
}

const isOfDomain = (host: string, domain: string): boolean =>
  host === domain || host.endsWith(`.${domain}`)

/** The text after the position of the entry; null: nothing is wrong. */
function passkeyOriginFault(entry: string, id: string, mode: string): string | null {
  const fault = originFault(entry, mode === 'production')
  if (fault !== null) return fault
  if (entry.includes('*')) return 'has a *: list each origin'
  const canonical = canonicalOrigin(entry)
  const host = canonical === null ? '' : (URL.parse(canonical)?.hostname ?? '')
  const isSecure = canonical?.startsWith('https:') || isLoopbackOrigin(entry)
  if (!isSecure) return 'is not https: browsers allow passkeys only over https and on localhost'
  return isOfDomain(host, id) ? null : `is not in the domain ${id}`
}
