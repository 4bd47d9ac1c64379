import type { FastifyReply } from 'fastify'
import { asPage, type PageOptions, type PageRoute } from '../page-route.ts'
import { codesPage } from '../proofs/codes-page.ts'
import { PASSKEY_FIELD } from '../proofs/passkey-form.ts'
import { proofOf } from '../proofs/proof-of.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { Visit } from '../visits/visit.ts'
import { enrolPage } from './enrol-page.ts'
import { refusedFactor } from './refused-factor.ts'
import { FIRST_FACTOR, type WaitingLogin, waitingLogin } from './waiting-login.ts'

/** Completes a login with a second factor, or with the first code of a new one. */
export const signInByFactor: PageRoute = (service, options) => {
  service.post('/sign-in-factor', asPage, async (request, reply) => {
    const visit = options.open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const login = waitingLogin(form)
    const { challenge, returnTo } = login
    const answer = await visit.ask({
      method: 'POST',
      path: '/login/factor',
      body: { challenge, ...proofOf(form) }
    })
    if (answer.status === 200) {
      const to = visit.returnTo.allowed(returnTo) ?? visit.returnTo.otherwise
      const { recoveryCodes } = answer.body
      return Array.isArray(recoveryCodes) ? codesPage(visit, recoveryCodes, to) : visit.go(to)
    }
    const { texts } = visit
    const isPasskey = form(PASSKEY_FIELD) !== ''
    if (answer.code === 'INVALID_REQUEST' && form(FIRST_FACTOR) !== '') {
      return enrolPage(visit, options, login, texts.malformedCode)
    }
    return answer.code === 'INVALID_REQUEST'
      ? askAgain(visit, options, login, isPasskey ? texts.passkeyFailed : texts.malformedCode)
      : refusedFactor(visit, options, {
          answer,
          login,
          fault: isPasskey ? texts.passkeyRefused : texts.wrongCode
        })
  })
}

/** After a proof that can be none. The answer of this route names the factors of the account. */
async function askAgain(
  visit: Visit,
  options: PageOptions,
  login: WaitingLogin,
  fault: string
): Promise<FastifyReply> {
  const { challenge } = login
  const answer = await visit.ask({
    method: 'POST',
    path: '/login/factor/enrol',
    body: { challenge }
  })
  return refusedFactor(visit, options, { answer, login, fault })
}
