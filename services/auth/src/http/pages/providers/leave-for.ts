import { createHash } from 'node:crypto'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { randomText } from '../../../providers/login-flow.ts'
import { link } from '../frame/parts.ts'
import type { Offer } from '../page-route.ts'
import type { Visit } from '../visits/visit.ts'
import { type KeptLogin, keepLogin } from './kept-login.ts'

/**
 * Leads the browser to a provider. By a page of its own: `form-action` would refuse a redirect of a
 * form to the provider, and to wherever the provider redirects further.
 * @throws Refusal NOT_FOUND
 */
export function leaveFor(
  visit: Visit,
  offer: Offer,
  { provider, ...login }: Omit<KeptLogin, 'verifier'> & { readonly provider: string }
): FastifyReply {
  const { texts } = visit
  if (!offer.providers.some(({ id }) => id === provider)) {
    throw new Refusal('NOT_FOUND', { reason: 'a form names a provider that is not configured' })
  }
  const verifier = randomText()
  keepLogin(visit, { ...login, verifier })
  const query = new URLSearchParams({
    codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
    returnTo: offer.providerReturnUrl
  })
  const goTo = `../login/providers/${provider}?${query}`
  return visit.show({
    title: texts.toProvider,
    goTo,
    parts: h('p', {}, link(goTo, texts.continue))
  })
}
