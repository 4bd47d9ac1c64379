import { ownCookieValue, PAGE_SECRET_COOKIE } from '@gatehouse/edge-headers/own-cookies'
import { ownCookieAttributes } from '../../public/cookies/refresh-cookie.ts'
import type { Answer } from '../requests/ask.ts'
import type { Visit } from '../visits/visit.ts'

/** as long as the longest link that verifies an address */
const MAX_AGE_SECONDS = 604_800

/** 32 random bytes in base64url */
const SECRET = /^[\w-]{43}$/

/**
 * Keeps the secret that proves that the same browser has registered and opens the link of a letter
 * (decision 71).
 */
export function keepPageSecret({ reply }: Visit, { body }: Answer): void {
  const { pageSecret } = body
  if (typeof pageSecret !== 'string') return
  const attributes = { ...ownCookieAttributes('strict'), maxAge: MAX_AGE_SECONDS }
  reply.setCookie(PAGE_SECRET_COOKIE, pageSecret, attributes)
}

/** The member of a request; none if this browser has neither registered nor asked for a letter. */
export function pageSecretOf({ request }: Visit): { readonly pageSecret?: string } {
  const pageSecret = ownCookieValue(request.headers.cookie, PAGE_SECRET_COOKIE)
  return pageSecret !== null && SECRET.test(pageSecret) ? { pageSecret } : {}
}
