import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'
import { type PagesConfig, pagesUrl } from '../mail/pages-url.ts'

/** The settings of logins by other providers. .env.example describes each of them. */
export const providerSettings = {
  AUTH_PROVIDERS_FILE: Type.Optional(Type.String()),
  AUTH_RETURN_URLS: Type.String({ default: '' })
}

export type ProviderConfig = Static<ReturnType<typeof Type.Object<typeof providerSettings>>> &
  PagesConfig & {
    readonly AUTH_APP_URL: string
    readonly NODE_ENV: string
  }

/**
 * The page to which a login returns: of the application, if AUTH_RETURN_URLS names no other, and of
 * the pages for users.
 */
const RETURN_PAGE = '/signed-in'

/** Where logins that the pages for users begin return; null: there are no pages. */
export function pagesReturnUrl(config: PagesConfig): string | null {
  const url = pagesUrl(config)
  return url === null ? null : `${url}${RETURN_PAGE}`
}

/**
 * The pages and apps to which a login may return, the default first. Each is compared byte for byte
 * (RFC 9700 §4.1.3): if any page of the application were allowed, one that redirects further would
 * give the code away, because browsers keep the fragment of a redirect.
 */
export function returnUrlsOf(config: ProviderConfig): string[] {
  const given = words(config.AUTH_RETURN_URLS)
  const ofApp =
    given.length > 0 ? given : [`${config.AUTH_APP_URL.replace(/\/$/, '')}${RETURN_PAGE}`]
  const ofPages = pagesReturnUrl(config)
  return ofPages === null ? ofApp : [...ofApp, ofPages]
}

/** Schemes of which a browser would run or show the rest of the URL. */
const UNSAFE_SCHEME = /^(?:javascript|data|vbscript|file|blob|about|view-source):/i

/** What is wrong with the settings. */
export const providerFaults = ({ AUTH_RETURN_URLS, NODE_ENV }: ProviderConfig): string[] =>
  words(AUTH_RETURN_URLS).flatMap((text, index) => {
    const fault = returnUrlFault(text, NODE_ENV === 'production')
    return fault === null ? [] : [`AUTH_RETURN_URLS: entry ${index + 1} ${fault}`]
  })

function returnUrlFault(text: string, isProduction: boolean): string | null {
  const url = URL.parse(text)
  const isFit = url !== null && !text.includes('#') && !UNSAFE_SCHEME.test(url.protocol)
  if (!isFit || url.username !== '' || url.password !== '') {
    return 'must be a URL without fragment and user'
  }
  const isPlain = url.protocol === 'http:' && !isLoopbackOrigin(url.origin)
  return isPlain && isProduction ? 'must be https in production' : null
}
