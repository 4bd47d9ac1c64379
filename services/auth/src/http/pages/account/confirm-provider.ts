import { asPage, type PageRoute } from '../page-route.ts'
import { takeOwnLogin } from '../providers/kept-login.ts'
import { leaveFor } from '../providers/leave-for.ts'
import { providerFault } from '../providers/provider-faults.ts'
import { userForm } from '../visits/signed-in.ts'
import { confirmPage } from './confirm.ts'

/** Leads to a linked provider, which asks its user to sign in again. */
export const confirmByProvider: PageRoute = (service, { open, offer }) => {
  service.post(
    '/provider-confirm',
    asPage,
    userForm(open, 'account', async ({ visit, user }, form) => {
      const [provider, returnTo] = [form('provider'), form('returnTo')]
      const account = user.identity.subject
      return leaveFor(visit, offer, { provider, returnTo, purpose: 'confirm', account })
    })
  )
}

/** The user has come back from the provider. */
export const confirmReturned: PageRoute = (service, { open, offer }) => {
  service.post(
    '/provider-confirmed',
    asPage,
    userForm(open, 'account', async (page, form) => {
      const { visit, ask } = page
      const { verifier = '', returnTo = '' } = takeOwnLogin(page, 'confirm') ?? {}
      const failed = providerFault(form('error'))
      if (failed !== null) {
        return confirmPage(page, offer, { returnTo, refused: null, failed })
      }
      const provider = { code: form('code'), codeVerifier: verifier }
      const answer = await ask({ method: 'POST', path: '/step-up', body: { provider } })
      if (answer.status !== 204) {
        return confirmPage(page, offer, { returnTo, refused: answer, failed: 'providerFailed' })
      }
      return visit.go(visit.returnTo.allowed(returnTo) ?? 'account')
    })
  )
}
