import { asPage, type PageRoute } from '../page-route.ts'
import { codesPage } from '../proofs/codes-page.ts'
import { proofOf } from '../proofs/proof-of.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import { factorPage } from './factor-page.ts'
import { signInPage } from './sign-in-page.ts'

/** Completes a login with a second factor, or with the first code of a new one. */
export const signInByFactor: PageRoute = (service, options) => {
  const { open, offer } = options
  service.post('/sign-in-factor', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const [challenge, returnTo] = [form('challenge'), form('returnTo')]
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
    if (answer.code === 'FACTOR_REQUIRED') {
      return factorPage(visit, options, { answer, returnTo, fault: visit.texts.wrongCode })
    }
    return signInPage(visit, offer, {
      returnTo,
      status: answer.status,
      fault: faultText(visit, answer, {
        UNAUTHENTICATED: 'loginExpired',
        INVALID_REQUEST: 'loginExpired'
      })
    })
  })
}
