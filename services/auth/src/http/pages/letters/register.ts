import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { faultNote, field, form, link, paragraph, submit } from '../frame/parts.ts'
import { asPage, type Offer, type PageRoute } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { letterSent } from './letter-sent.ts'
import { tokenIn } from './letter-token.ts'
import { keepPageSecret } from './page-secret-cookie.ts'

type RegisterState = {
  readonly email?: string
  readonly invitation?: string
  readonly answer?: Answer
}

export const showRegister: PageRoute = (service, { open, offer }) => {
  service.get('/register', asPage, async (request, reply) =>
    registerPage(open(request, reply), offer, {})
  )
}

export const register: PageRoute = (service, { open, offer }) => {
  service.post('/register', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const [email, invitation] = [form('email'), tokenIn(form('invitation'))]
    const answer = await visit.ask({
      method: 'POST',
      path: '/register',
      body: { email, password: form('password'), ...(invitation === '' ? {} : { invitation }) }
    })
    keepPageSecret(visit, answer)
    if (answer.status === 201) return visit.go('sign-in?notice=registered')
    if (answer.status === 202) return letterSent(visit, email)
    return registerPage(visit, offer, { email, invitation, answer })
  })
}

/** Which field a refusal is about. The detail begins with the member of the body. */
function faultsOf(visit: Visit, answer: Answer | undefined) {
  if (answer === undefined) return { email: null, password: null, other: null }
  const { texts } = visit
  const { detail } = answer.body
  if (answer.code === 'INVALID_REQUEST' && typeof detail === 'string') {
    if (detail.startsWith('body/email')) {
      return { email: texts.emailRefused, password: null, other: null }
    }
    if (detail.startsWith('body/password')) {
      return { email: null, password: texts.passwordRefused, other: null }
    }
  }
  const other = faultText(visit, answer, {
    CONFLICT: 'emailTaken',
    FORBIDDEN: 'notRegistered',
    INVALID_REQUEST: 'failed'
  })
  return { email: null, password: null, other }
}

function registerPage(
  visit: Visit,
  offer: Offer,
  { email = '', invitation = '', answer }: RegisterState
): FastifyReply {
  const { texts } = visit
  const page = {
    title: texts.registerTitle,
    name: answer === undefined ? 'register' : null
  }
  const back = h('p', {}, link('sign-in', texts.haveAccount))
  if (offer.registration === 'off') {
    return visit.show({ ...page, parts: [paragraph(texts.registerOff), back] }, 403)
  }
  const faults = faultsOf(visit, answer)
  const parts = [
    faultNote(faults.other),
    form({ to: 'register', token: visit.formToken(SIGNED_OUT) }, [
      field({
        name: 'email',
        label: texts.email,
        type: 'email',
        value: email,
        autocomplete: 'username',
        fault: faults.email
      }),
      field({
        name: 'password',
        label: texts.password,
        type: 'password',
        autocomplete: 'new-password',
        hint: texts.passwordHint,
        fault: faults.password,
        minLength: 8
      }),
      offer.registration === 'invite' ? invitationField(visit, invitation) : null,
      submit(texts.register)
    ]),
    back
  ]
  const script = offer.registration === 'invite' ? { script: 'letter-token' as const } : {}
  return visit.show({ ...page, ...script, parts }, answer?.status ?? 200)
}

const invitationField = ({ texts }: Visit, value: string) =>
  field({
    name: 'invitation',
    label: texts.invitation,
    hint: texts.invitationHint,
    value,
    takesToken: true,
    maxLength: 2048
  })
