import type { FastifyReply } from 'fastify'
import { faultNote, form, paragraph, section, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { emailField } from './forgot-password.ts'
import { letterSent } from './letter-sent.ts'
import { stillUsable, tokenField, tokenOf } from './letter-token.ts'
import { keepPageSecret, pageSecretOf } from './page-secret-cookie.ts'
import { resetPage } from './reset-password.ts'

export const showVerifyEmail: PageRoute = (service, { open }) => {
  service.get('/verify-email', asPage, async (request, reply) =>
    verifyPage(open(request, reply), '', null)
  )
}

/** Opening the link changes nothing: only this form does. */
export const verifyEmail: PageRoute = (service, { open }) => {
  service.post('/verify-email', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const token = tokenOf(visit.form(SIGNED_OUT))
    const answer = await visit.ask({
      method: 'POST',
      path: '/email/verify',
      body: { token, ...pageSecretOf(visit) }
    })
    if (answer.status !== 200) return verifyPage(visit, '', answer, stillUsable(token, answer))
    const { resetToken } = answer.body
    return typeof resetToken === 'string'
      ? resetPage(visit, resetToken, null)
      : visit.go('sign-in?notice=verified')
  })
}

export const sendVerification: PageRoute = (service, { open }) => {
  service.post('/verify-email-send', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const email = visit.form(SIGNED_OUT)('email')
    const answer = await visit.ask({
      method: 'POST',
      path: '/email/verify/send',
      body: { email, ...pageSecretOf(visit) }
    })
    keepPageSecret(visit, answer)
    return answer.status === 202 ? letterSent(visit, email) : verifyPage(visit, email, answer)
  })
}

/** @param email of a refused request for a letter; empty: the token was refused, or nothing was */
function verifyPage(
  visit: Visit,
  email: string,
  answer: Answer | null,
  linkToken = ''
): FastifyReply {
  const { texts } = visit
  const token = visit.formToken(SIGNED_OUT)
  const fault =
    answer === null
      ? null
      : faultText(visit, answer, {
          INVALID_REQUEST: email === '' ? 'linkInvalid' : 'emailRefused',
          FORBIDDEN: email === '' ? 'linkInvalid' : 'mailOff'
        })
  return visit.show(
    {
      title: texts.verifyTitle,
      name: answer === null ? 'verify-email' : null,
      script: 'letter-token',
      parts: [
        paragraph(texts.verifyLead),
        faultNote(fault),
        form({ to: 'verify-email', token }, [tokenField(texts, linkToken), submit(texts.verify)]),
        section(
          texts.sendVerification,
          form({ to: 'verify-email-send', token }, [
            emailField(visit, email),
            submit(texts.sendLink, { look: 'plain' })
          ])
        )
      ]
    },
    answer?.status ?? 200
  )
}
