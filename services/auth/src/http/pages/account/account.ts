import { paragraph } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { shownTime } from '../text/texts.ts'
import { faultText, refusalOf } from '../visits/refusal-of.ts'
import { recentForm, type UserPage, userForm, userPage } from '../visits/signed-in.ts'
import { type AccountFaults, accountPage, deletePage } from './account-page.ts'

export const showAccount: PageRoute = (service, { open, offer }) => {
  service.get('/', { ...asPage, prefixTrailingSlash: 'slash' }, async (_request, reply) =>
    reply.redirect('account', 303)
  )
  service.get(
    '/account',
    asPage,
    userPage(open, 'account', async (page) => accountPage(page, offer, null))
  )
}

export const changePassword: PageRoute = (service, { open, offer }) => {
  service.post(
    '/change-password',
    asPage,
    userForm(open, 'account', async (page, form) => {
      const answer = await page.ask({
        method: 'POST',
        path: '/password',
        body: { currentPassword: form('currentPassword'), newPassword: form('newPassword') }
      })
      if (answer.status === 204) return page.visit.go('account?notice=passwordChanged')
      return accountPage(page, offer, passwordFaults(page, answer))
    })
  )
}

function passwordFaults({ visit }: UserPage, answer: Answer): AccountFaults {
  const { texts } = visit
  const { status, code } = answer
  if (code === 'UNAUTHENTICATED') return { status, currentPassword: texts.wrongPassword }
  if (code === 'INVALID_REQUEST') return { status, newPassword: texts.passwordRefused }
  return { status, other: faultText(visit, answer) }
}

export const changeEmail: PageRoute = (service, { open, offer, isRecent }) => {
  const handle = recentForm(open, 'account', {
    isRecent,
    async handle(page, form) {
      const { visit } = page
      const answer = await page.ask({
        method: 'POST',
        path: '/email',
        body: { email: form('newEmail') }
      })
      if (answer.status === 202) return visit.go('account?notice=emailAsked')
      const { status } = answer
      return accountPage(
        page,
        offer,
        answer.code === 'INVALID_REQUEST'
          ? { status, email: visit.texts.emailRefused }
          : { status, other: faultText(visit, answer, { FORBIDDEN: 'mailOff' }) }
      )
    }
  })
  service.post('/change-email', asPage, handle)
}

export const exportData: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, 'account', {
    isRecent,
    async handle({ visit, ask }) {
      const answer = await ask({ method: 'GET', path: '/account/export' })
      if (answer.status !== 200) throw refusalOf(answer)
      return visit.reply
        .header('content-disposition', 'attachment; filename="account.json"')
        .header('x-content-type-options', 'nosniff')
        .type('application/json')
        .send(JSON.stringify(await withAllEvents(ask, answer.body), null, 2))
    }
  })
  service.post('/export', asPage, handle)
}

/**
 * Adds the events that did not fit into the first response. If the limit of exports ends that
 * early, `next` says where.
 */
async function withAllEvents(ask: UserPage['ask'], body: Answer['body']) {
  const events = [...(body.events as readonly unknown[])]
  let { next } = body
  while (typeof next === 'string') {
    const after = encodeURIComponent(next)
    const more = await ask({ method: 'GET', path: `/account/export/events?after=${after}` })
    if (more.status !== 200) break
    events.push(...(more.body.events as readonly unknown[]))
    next = more.body.next
  }
  return { ...body, events, next }
}

export const deleteAccount: PageRoute = (service, { open, isRecent }) => {
  service.get(
    '/delete-account',
    asPage,
    userPage(open, 'delete-account', async (page) => deletePage(page))
  )
  const handle = recentForm(open, 'delete-account', {
    isRecent,
    async handle({ visit, ask }) {
      const answer = await ask({ method: 'DELETE', path: '/account' })
      if (answer.status !== 202) throw refusalOf(answer)
      const time = shownTime(visit.language, String(answer.body.deletionAt))
      return visit.show({
        title: visit.texts.deletedTitle,
        parts: [paragraph(visit.text('deletedText', { time }))]
      })
    }
  })
  service.post('/delete-account', asPage, handle)
}
