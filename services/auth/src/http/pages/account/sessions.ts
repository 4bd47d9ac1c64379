import { h } from 'preact'
import { facts, form, hidden, notice, paragraph, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import { shownTime } from '../text/texts.ts'
import { refusalOf } from '../visits/refusal-of.ts'
import { type UserPage, userForm, userPage } from '../visits/signed-in.ts'

/** A session, as `GET /sessions` shows it. */
type ShownSession = {
  readonly id: string
  readonly current: boolean
  readonly label: string
  readonly createdAt: string
  readonly lastUsedAt: string
}

export const showSessions: PageRoute = (service, { open }) => {
  service.get(
    '/sessions',
    asPage,
    userPage(open, 'sessions', async (page) => {
      const answer = await page.ask({ method: 'GET', path: '/sessions' })
      if (answer.status !== 200) throw refusalOf(answer)
      const sessions = answer.body.sessions as readonly ShownSession[]
      const { texts } = page.visit
      const token = page.visit.formToken(page.user.session)
      const hasOthers = sessions.some(({ current }) => !current)
      return page.visit.show({
        title: texts.sessions,
        name: 'sessions',
        signedIn: true,
        parts: [
          notice(page.visit.query('notice') === 'sessionEnded' ? texts.sessionEnded : null),
          paragraph(texts.sessionsLead),
          h(
            'ul',
            { class: 'cards' },
            sessions.map((session) => h('li', {}, sessionParts(page, session, token)))
          ),
          hasOthers
            ? form({ to: 'sessions-end-others', token }, submit(texts.endOthers, { look: 'plain' }))
            : null,
          form(
            { to: 'sign-out-everywhere', token },
            submit(texts.signOutEverywhere, { look: 'plain' })
          )
        ]
      })
    })
  )
}

function sessionParts({ visit }: UserPage, session: ShownSession, token: string) {
  const { texts, language } = visit
  const label = session.label === '' ? texts.unknownDevice : session.label
  return [
    h('h2', {}, [label, session.current ? h('span', { class: 'mark' }, texts.thisSession) : null]),
    facts([
      [texts.signedInAt, shownTime(language, session.createdAt)],
      [texts.lastUsed, shownTime(language, session.lastUsedAt)]
    ]),
    session.current
      ? null
      : form({ to: 'sessions-end', token }, [
          hidden('id', session.id),
          submit(texts.endSession, {
            look: 'plain',
            label: visit.text('endSessionOf', { name: label })
          })
        ])
  ]
}

export const endSessions: PageRoute = (service, { open }) => {
  service.post(
    '/sessions-end',
    asPage,
    userForm(open, 'sessions', async ({ visit, ask }, form) => {
      const id = encodeURIComponent(form('id'))
      const answer = await ask({ method: 'DELETE', path: `/sessions/${id}` })
      // 404: it has ended already.
      if (answer.status !== 204 && answer.status !== 404) throw refusalOf(answer)
      return visit.go('sessions?notice=sessionEnded')
    })
  )
  service.post(
    '/sessions-end-others',
    asPage,
    userForm(open, 'sessions', async ({ visit, ask }) => {
      const answer = await ask({ method: 'DELETE', path: '/sessions' })
      if (answer.status !== 204) throw refusalOf(answer)
      return visit.go('sessions?notice=sessionEnded')
    })
  )
  service.post(
    '/sign-out-everywhere',
    asPage,
    userForm(open, 'sessions', async ({ visit, ask }) => {
      const answer = await ask({ method: 'POST', path: '/logout-all' })
      if (answer.status !== 204) throw refusalOf(answer)
      return visit.go('sign-in?notice=signedOut')
    })
  )
}
