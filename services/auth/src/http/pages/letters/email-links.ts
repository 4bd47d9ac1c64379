import type { FastifyReply } from 'fastify'
import { faultNote, form, paragraph, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { TextName } from '../text/en.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { stillUsable, tokenField, tokenOf } from './letter-token.ts'
import { resetPage } from './reset-password.ts'

/** A page with nothing but the token of a letter. */
type LinkPage = {
  readonly name: string
  readonly path: string
  readonly title: TextName
  readonly lead: TextName
  readonly action: TextName
  readonly next: (visit: Visit, answer: Answer) => FastifyReply
}

const linkPages: readonly LinkPage[] = [
  {
    name: 'confirm-email',
    path: '/email/confirm',
    title: 'confirmEmailTitle',
    lead: 'confirmEmailLead',
    action: 'confirmEmail',
    next: (visit) => visit.go('sign-in?notice=emailConfirmed')
  },
  {
    name: 'undo-email',
    path: '/email/undo',
    title: 'undoEmailTitle',
    lead: 'undoEmailLead',
    action: 'undoEmail',
    next: (visit, { body }) => resetPage(visit, String(body.resetToken), null)
  }
]

/** Confirms and undoes a change of the address. */
export const emailLinks: PageRoute = (service, { open }) => {
  for (const page of linkPages) {
    service.get(`/${page.name}`, asPage, async (request, reply) =>
      showLinkPage(open(request, reply), page, null)
    )
    service.post(`/${page.name}`, asPage, async (request, reply) => {
      const visit = open(request, reply)
      const token = tokenOf(visit.form(SIGNED_OUT))
      const answer = await visit.ask({ method: 'POST', path: page.path, body: { token } })
      return answer.status < 300
        ? page.next(visit, answer)
        : showLinkPage(visit, page, answer, stillUsable(token, answer))
    })
  }
}

function showLinkPage(
  visit: Visit,
  page: LinkPage,
  answer: Answer | null,
  token = ''
): FastifyReply {
  const { texts } = visit
  const { name } = page
  const fault =
    answer === null
      ? null
      : faultText(visit, answer, { INVALID_REQUEST: 'linkInvalid', FORBIDDEN: 'linkInvalid' })
  return visit.show(
    {
      title: texts[page.title],
      name: answer === null ? name : null,
      script: 'letter-token',
      parts: [
        paragraph(texts[page.lead]),
        faultNote(fault),
        form({ to: name, token: visit.formToken(SIGNED_OUT) }, [
          tokenField(texts, token),
          submit(texts[page.action])
        ])
      ]
    },
    answer?.status ?? 200
  )
}
