import { h } from 'preact'
import { form, link, paragraph, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { refusalOf } from '../visits/refusal-of.ts'

/** Asks first: a link of another site must sign nobody out. */
export const showSignOut: PageRoute = (service, { open }) => {
  service.get('/sign-out', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const { texts } = visit
    return visit.show({
      title: texts.signOut,
      name: 'sign-out',
      parts: [
        paragraph(texts.signOutAsk),
        form({ to: 'sign-out', token: visit.formToken(SIGNED_OUT) }, submit(texts.signOut)),
        h('p', {}, link('account', texts.back))
      ]
    })
  })
}

export const signOut: PageRoute = (service, { open }) => {
  service.post('/sign-out', asPage, async (request, reply) => {
    const visit = open(request, reply)
    visit.form(SIGNED_OUT)
    const answer = await visit.ask({ method: 'POST', path: '/logout' })
    // 401: there is no session to end.
    if (answer.status !== 204 && answer.status !== 401) throw refusalOf(answer)
    return visit.go('sign-in?notice=signedOut')
  })
}
