import { ownCookieValue, PAGE_LOGIN_COOKIE } from '@gatehouse/edge-headers/own-cookies'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { COOKIE_SECONDS } from '../../../providers/login-flow.ts'
import { ownCookieAttributes } from '../../public/cookies/refresh-cookie.ts'
import type { UserPage } from '../visits/signed-in.ts'
import type { Visit } from '../visits/visit.ts'

/** What the browser keeps while its user is at another provider. */
const KeptLogin = Type.Object({
  /** of PKCE (RFC 7636), between the page and the auth service */
  verifier: Type.String(),
  purpose: Type.Enum(['sign-in', 'link', 'confirm']),
  /** whose account it is about; absent: a login that may open a session of any account */
  account: Type.Optional(Type.String()),
  returnTo: Type.String()
})

export type KeptLogin = Static<typeof KeptLogin>

/** Not AUTH_COOKIE_SAME_SITE: only pages of ours read it. */
const attributes = ownCookieAttributes('strict')

export function keepLogin({ reply }: Visit, login: KeptLogin): void {
  const value = Buffer.from(JSON.stringify(login)).toString('base64url')
  reply.setCookie(PAGE_LOGIN_COOKIE, value, { ...attributes, maxAge: COOKIE_SECONDS })
}

/** Null: this browser has begun no login, or not with a page. */
export function keptLogin({ request }: Visit): KeptLogin | null {
  const value = ownCookieValue(request.headers.cookie, PAGE_LOGIN_COOKIE)
  if (value === null) return null
  try {
    const login: unknown = JSON.parse(Buffer.from(value, 'base64url').toString())
    return Value.Check(KeptLogin, login) ? login : null
  } catch {
    return null
  }
}

/** The login, which is over. Null: it has begun for another purpose, or not at all. */
export function takeLogin(visit: Visit, purpose: KeptLogin['purpose']): KeptLogin | null {
  const login = keptLogin(visit)
  visit.reply.clearCookie(PAGE_LOGIN_COOKIE, attributes)
  return login?.purpose === purpose ? login : null
}

/**
 * The login of a signed-in user, which is over. Null: as `takeLogin`, or somebody else has begun it
 * in this browser, and must not link their provider to this account.
 */
export function takeOwnLogin(
  { visit, user }: UserPage,
  purpose: KeptLogin['purpose']
): KeptLogin | null {
  const login = takeLogin(visit, purpose)
  return login?.account === user.identity.subject ? login : null
}
