import { createHash } from 'node:crypto'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'
import { randomText } from '../../../providers/login-flow.ts'
import { leavingPage } from '../frame/leaving-page.ts'
import type { Offer } from '../page-route.ts'
import type { Visit } from '../visits/visit.ts'
import { type KeptLogin, keepLogin } from './kept-login.ts'

/**
 * Leads the browser to a provider.
 * @throws Refusal NOT_FOUND
 */
export function leaveFor(
  visit: Visit,
  offer: Offer,
  { provider, ...login }: Omit<KeptLogin, 'verifier'> & { readonly provider: string }
): FastifyReply {
  const offered = offer.providers.find(({ id }) => id === provider)
  const isFit = login.purpose !== 'confirm' || offered?.reauthentication === true
  if (offered === undefined || !isFit) {
    throw new Refusal('NOT_FOUND', { reason: 'a form names a provider that is not offered' })
  }
  const verifier = randomText()
  // Browsers keep no cookie of more than 4096 bytes.
  const returnTo = visit.returnTo.allowed(login.returnTo) ?? ''
  keepLogin(visit, { ...login, returnTo, verifier })
  const prompt = login.purpose === 'confirm' ? { prompt: 'login' } : {}
  const query = new URLSearchParams({
    codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
    returnTo: offer.providerReturnUrl,
    ...prompt
  })
  const goTo = `../login/providers/${provider}?${query}`
  return visit.show(leavingPage(visit.texts, goTo, 'toProvider'))
}
