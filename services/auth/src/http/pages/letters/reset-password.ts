import type { FastifyReply } from 'fastify'
import { faultNote, field, form, paragraph, submit } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { stillUsable, tokenField, tokenOf } from './letter-token.ts'

export const showResetPassword: PageRoute = (service, { open }) => {
  service.get('/reset-password', asPage, async (request, reply) =>
    resetPage(open(request, reply), '', null)
  )
}

export const resetPassword: PageRoute = (service, { open }) => {
  service.post('/reset-password', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const [token, newPassword] = [tokenOf(form), form('newPassword')]
    const answer = await visit.ask({
      method: 'POST',
      path: '/password/reset',
      body: { token, newPassword }
    })
    if (answer.status === 204) return visit.go('sign-in?notice=passwordSet')
    // The same link can be used with another password.
    const isOfPassword = answer.code === 'INVALID_REQUEST'
    return resetPage(visit, isOfPassword ? token : stillUsable(token, answer), answer)
  })
}

/**
 * Chooses a password.
 * @param token known already; empty: the letter has it
 * @param answer what was wrong; null: the first try
 */
export function resetPage(visit: Visit, token: string, answer: Answer | null): FastifyReply {
  const { texts } = visit
  const isRefused = answer?.code === 'INVALID_REQUEST'
  const other =
    answer === null || isRefused ? null : faultText(visit, answer, { FORBIDDEN: 'linkInvalid' })
  return visit.show(
    {
      title: texts.resetTitle,
      name: answer === null && token === '' ? 'reset-password' : null,
      script: 'letter-token',
      parts: [
        paragraph(texts.resetLead),
        faultNote(other),
        form({ to: 'reset-password', token: visit.formToken(SIGNED_OUT) }, [
          tokenField(texts, token),
          field({
            name: 'newPassword',
            label: texts.newPassword,
            type: 'password',
            autocomplete: 'new-password',
            hint: texts.passwordHint,
            fault: isRefused ? texts.passwordRefused : null,
            minLength: 8
          }),
          submit(texts.setPassword)
        ])
      ]
    },
    answer?.status ?? 200
  )
}
