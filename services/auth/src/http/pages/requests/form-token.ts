import csrf from '@fastify/csrf'
import { FORM_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import { isSameOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CookieSameSite } from '../../app-settings.ts'
import { requestOrigin } from '../../forwarded.ts'
import { ownCookieAttributes } from '../../public/cookies/refresh-cookie.ts'
import type { Form } from './form.ts'
import { crossSiteForm, foreignForm } from './page-refusals.ts'

const tokens = new csrf.Tokens({ userInfo: true })

/** the name of the hidden field */
export const TOKEN_FIELD = 'formToken'

/** A form that nobody has signed in to send. */
export const SIGNED_OUT = 'signed out'

/** what `secretSync` returns: 18 random bytes in base64url */
const SECRET = /^[\w-]{24}$/

/** The secret of the browser; null if it has none that this service has made. */
function secretOf({ headers }: FastifyRequest): string | null {
  const value = ownCookieValue(headers.cookie, FORM_COOKIE)
  return value !== null && SECRET.test(value) ? value : null
}

/**
 * The token of a form: only the browser that got the form can send it, and on pages for signed-in
 * users only in the same session.
 * @param session its public id, or SIGNED_OUT
 */
export function tokenOfForm(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  session: string,
  sameSite: CookieSameSite
): string {
  const known = secretOf(request)
  const secret = known ?? tokens.secretSync()
  if (known === null) reply.setCookie(FORM_COOKIE, secret, ownCookieAttributes(sameSite))
  return tokens.create(secret, session)
}

/**
 * A form must come from a page of this origin, whatever ALLOWED_ORIGINS says.
 * @throws Refusal FORBIDDEN
 */
export async function refuseForeignOrigin(request: FastifyRequest): Promise<void> {
  if (request.method !== 'POST') return
  const { origin, 'sec-fetch-site': site } = request.headers
  const isOwn =
    site === undefined
      ? origin !== undefined && isSameOrigin(origin, requestOrigin(request))
      : site === 'same-origin'
  if (!isOwn) throw crossSiteForm()
}

/** @throws Refusal FORBIDDEN */
export function checkToken(request: FastifyRequest, form: Form, session: string): void {
  const secret = secretOf(request)
  const token = form(TOKEN_FIELD)
  if (secret === null || token === '' || !tokens.verify(secret, token, session)) throw foreignForm()
}
