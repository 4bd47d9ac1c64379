import { asPage, type PageRoute } from '../page-route.ts'
import { codesPage } from '../proofs/codes-page.ts'
import { passkeyOf } from '../proofs/passkey-form.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { Visit } from '../visits/visit.ts'
import { firstPasskeyPage } from './enrol-page.ts'
import { refusedFactor } from './refused-factor.ts'
import { type WaitingLogin, waitingLogin } from './waiting-login.ts'

/** A login that must add a first factor adds a passkey. */
export const askForFirstPasskey: PageRoute = (service, options) => {
  service.post('/first-passkey', asPage, async (request, reply) => {
    const visit = options.open(request, reply)
    const login = waitingLogin(visit.form(SIGNED_OUT))
    const answer = await ask(visit, login)
    return answer.status === 200
      ? firstPasskeyPage(visit, login, { options: answer.body, fault: null })
      : refusedFactor(visit, options, { answer, login })
  })
}

export const signInByFirstPasskey: PageRoute = (service, options) => {
  service.post('/sign-in-first-passkey', asPage, async (request, reply) => {
    const visit = options.open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const login = waitingLogin(form)
    const { challenge, returnTo } = login
    const answer = await visit.ask({
      method: 'POST',
      path: '/login/factor/enrol/passkey',
      body: { challenge, passkey: passkeyOf(form) }
    })
    if (answer.status === 200) {
      const to = visit.returnTo.allowed(returnTo) ?? visit.returnTo.otherwise
      return codesPage(visit, answer.body.recoveryCodes as readonly string[], to)
    }
    if (answer.code !== 'INVALID_REQUEST' && answer.code !== 'CONFLICT') {
      return refusedFactor(visit, options, { answer, login })
    }
    const again = await ask(visit, login)
    return again.status === 200
      ? firstPasskeyPage(visit, login, { options: again.body, fault: visit.texts.passkeyFailed })
      : refusedFactor(visit, options, { answer: again, login })
  })
}

const ask = (visit: Visit, { challenge }: WaitingLogin) =>
  visit.ask({
    method: 'POST',
    path: '/login/factor/enrol/passkey/options',
    body: { challenge }
  })
