import type { FastifyReply } from 'fastify'
import { decodeJwt } from 'jose'
import { h } from 'preact'
import { form, hidden, link, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import { keptLogin, takeLogin } from '../providers/kept-login.ts'
import { leaveFor } from '../providers/leave-for.ts'
import { providerFault } from '../providers/provider-faults.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import { openedFromHere, signedIn } from '../visits/signed-in.ts'
import type { Visit } from '../visits/visit.ts'
import { factorPage } from './factor-page.ts'
import { signInPage } from './sign-in-page.ts'

export const signInByProvider: PageRoute = (service, { open, offer }) => {
  service.post('/sign-in-provider', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const [provider, returnTo, account] = [form('provider'), form('returnTo'), form('account')]
    const about = account === '' ? {} : { account }
    return leaveFor(visit, offer, { provider, returnTo, purpose: 'sign-in', ...about })
  })
}

/**
 * The pages to which a provider leads back. Another site has led the browser to the first one, so
 * it gets no cookies with `SameSite=Strict`; its script opens the second one, which has the form.
 */
export const showReturned: PageRoute = (service, { open }) => {
  service.get('/signed-in', asPage, async (request, reply) => {
    const { texts, show } = open(request, reply)
    return show({
      title: texts.signIn,
      script: 'provider-result',
      parts: [
        h('noscript', {}, h('p', {}, texts.providersNeedScript)),
        h('p', {}, link('sign-in', texts.back))
      ]
    })
  })
  service.get('/complete-sign-in', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const again = openedFromHere(visit, 'sign-in')
    if (again !== null) return again
    const login = keptLogin(visit)
    if (login === null) return visit.go('sign-in?notice=providerExpired')
    if (login.purpose === 'sign-in') return resultPage(visit, 'complete-sign-in', SIGNED_OUT)
    const user = await signedIn(visit)
    if (user === null) return visit.go('sign-in?returnTo=account')
    const to = login.purpose === 'link' ? 'provider-linked' : 'provider-confirmed'
    return resultPage(visit, to, user.session)
  })
}

/** A form that the script fills in and sends. */
const resultPage = (visit: Visit, to: string, session: string): FastifyReply =>
  visit.show({
    title: visit.texts.signIn,
    script: 'provider-result',
    parts: form({ to, token: visit.formToken(session), data: { 'data-takes-result': '' } }, [
      hidden('code', ''),
      hidden('error', ''),
      submit(visit.texts.continue)
    ])
  })

/** Exchanges the code. */
export const completeSignIn: PageRoute = (service, options) => {
  const { open, offer } = options
  service.post('/complete-sign-in', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const { verifier = '', returnTo = '', account } = takeLogin(visit, 'sign-in') ?? {}
    const failed = providerFault(form('error'))
    if (failed !== null) {
      return signInPage(visit, offer, { returnTo, status: 400, fault: visit.texts[failed] })
    }
    const answer = await visit.ask({
      method: 'POST',
      path: '/login/providers',
      body: { code: form('code'), codeVerifier: verifier, delivery: 'cookie' }
    })
    // A change that waits for this login is of the account that began it, and of no other.
    const isOther = account !== undefined && account !== accountOf(answer)
    const next = isOther ? 'account' : returnTo
    if (answer.status === 200) {
      return visit.go(visit.returnTo.allowed(next) ?? visit.returnTo.otherwise)
    }
    if (answer.code === 'FACTOR_REQUIRED') {
      return factorPage(visit, options, { answer, returnTo: next })
    }
    return signInPage(visit, offer, {
      returnTo,
      status: answer.status,
      fault: faultText(visit, answer, {
        UNAUTHENTICATED: 'providerExpired',
        INVALID_REQUEST: 'providerFailed',
        FORBIDDEN: 'providerRefused',
        CONFLICT: 'providerMustLink'
      })
    })
  })
}

/** Undefined: no session was opened. */
const accountOf = ({ status, body }: Answer): string | undefined =>
  status === 200 ? decodeJwt(String(body.accessToken)).sub : undefined
