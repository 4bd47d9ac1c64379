import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { faultNote, field, form, link, paragraph, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { letterSent } from './letter-sent.ts'

export const showForgotPassword: PageRoute = (service, { open }) => {
  service.get('/forgot-password', asPage, async (request, reply) =>
    forgotPage(open(request, reply), '', null)
  )
}

export const forgotPassword: PageRoute = (service, { open }) => {
  service.post('/forgot-password', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const email = visit.form(SIGNED_OUT)('email')
    const answer = await visit.ask({ method: 'POST', path: '/password/forgot', body: { email } })
    return answer.status === 202 ? letterSent(visit, email) : forgotPage(visit, email, answer)
  })
}

function forgotPage(visit: Visit, email: string, answer: Answer | null): FastifyReply {
  const { texts } = visit
  const fault =
    answer === null
      ? null
      : faultText(visit, answer, { INVALID_REQUEST: 'emailRefused', FORBIDDEN: 'mailOff' })
  return visit.show(
    {
      title: texts.forgotTitle,
      name: answer === null ? 'forgot-password' : null,
      parts: [
        paragraph(texts.forgotLead),
        faultNote(fault),
        form({ to: 'forgot-password', token: visit.formToken(SIGNED_OUT) }, [
          emailField(visit, email),
          submit(texts.sendLink)
        ]),
        h('p', {}, link('sign-in', texts.back))
      ]
    },
    answer?.status ?? 200
  )
}

/** The address of an account, whose owner may not be signed in. */
export const emailField = ({ texts }: Visit, value: string) =>
  field({ name: 'email', label: texts.email, type: 'email', value, autocomplete: 'username' })
