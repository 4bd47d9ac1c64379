import { asPage, type PageRoute } from '../page-route.ts'
import { takeOwnLogin } from '../providers/kept-login.ts'
import { leaveFor } from '../providers/leave-for.ts'
import { providerFault } from '../providers/provider-faults.ts'
import { faultText } from '../visits/refusal-of.ts'
import { recentForm } from '../visits/signed-in.ts'
import { accountPage } from './account-page.ts'

const BACK = 'account'

export const linkProvider: PageRoute = (service, { open, offer, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle({ visit, user }, form) {
      const provider = form('provider')
      const account = user.identity.subject
      return leaveFor(visit, offer, { provider, returnTo: BACK, purpose: 'link', account })
    }
  })
  service.post('/provider-link', asPage, handle)
}

/** The user has come back from the provider. */
export const linkReturned: PageRoute = (service, { open, offer, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const { visit } = page
      const { verifier = '' } = takeOwnLogin(page, 'link') ?? {}
      const failed = providerFault(form('error'))
      if (failed !== null) {
        return accountPage(page, offer, { status: 400, other: visit.texts[failed] })
      }
      const answer = await page.ask({
        method: 'POST',
        path: '/identities',
        body: { code: form('code'), codeVerifier: verifier }
      })
      if (answer.status === 201) return visit.go('account?notice=providerLinked')
      const other = faultText(visit, answer, {
        UNAUTHENTICATED: 'providerExpired',
        INVALID_REQUEST: 'providerFailed',
        FORBIDDEN: 'verifyToLink',
        CONFLICT: 'providerTaken'
      })
      return accountPage(page, offer, { status: answer.status, other })
    }
  })
  service.post('/provider-linked', asPage, handle)
}

export const unlinkProvider: PageRoute = (service, { open, offer, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const id = encodeURIComponent(form('id'))
      const answer = await page.ask({ method: 'DELETE', path: `/identities/${id}` })
      // 404: it is unlinked already.
      const isGone = answer.status === 204 || answer.status === 404
      if (isGone) return page.visit.go('account?notice=providerUnlinked')
      const other = faultText(page.visit, answer, { CONFLICT: 'lastLogin' })
      return accountPage(page, offer, { status: answer.status, other })
    }
  })
  service.post('/provider-unlink', asPage, handle)
}
