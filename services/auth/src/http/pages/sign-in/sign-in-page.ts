import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { faultNote, field, form, hidden, link, notice, submit } from '../frame/parts.ts'
import type { Offer } from '../page-route.ts'
import { passkeyForm } from '../proofs/passkey-form.ts'
import { providerButtons } from '../providers/provider-buttons.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { TextName } from '../text/en.ts'
import type { Visit } from '../visits/visit.ts'

/** What a page before this one has to report. */
const notices = [
  'emailConfirmed',
  'passwordSet',
  'providerExpired',
  'registered',
  'sessionEnded',
  'signedOut',
  'verified'
] as const satisfies readonly TextName[]

type SignInState = {
  readonly returnTo: string
  readonly email?: string
  readonly fault?: string
  /** offers to send the letter that verifies an address again */
  readonly isUnverified?: boolean
  readonly status?: number
}

/** The page with the form for the password. */
export function signInPage(visit: Visit, offer: Offer, state: SignInState): FastifyReply {
  const { texts } = visit
  const { returnTo, email = '', fault = null, status = 200 } = state
  const token = visit.formToken(SIGNED_OUT)
  const told = notices.find((name) => name === visit.query('notice'))
  const isFirst = visit.request.method === 'GET'
  const hasPasskeys = offer.passkeys === 'login'
  return visit.show(
    {
      title: texts.signIn,
      name: isFirst ? 'sign-in' : null,
      ...(hasPasskeys ? { script: 'passkey' as const } : {}),
      parts: [
        notice(told === undefined || !isFirst ? null : texts[told]),
        faultNote(fault),
        state.isUnverified ? h('p', {}, link('verify-email', texts.sendVerification)) : null,
        form({ to: 'sign-in', token }, [
          hidden('returnTo', returnTo),
          field({
            name: 'email',
            label: texts.email,
            type: 'email',
            value: email,
            autocomplete: hasPasskeys ? 'username webauthn' : 'username'
          }),
          field({
            name: 'password',
            label: texts.password,
            type: 'password',
            autocomplete: 'current-password'
          }),
          submit(texts.signIn)
        ]),
        hasPasskeys ? passkeyPart(visit, returnTo, token) : null,
        providerButtons(visit, offer.providers, {
          to: 'sign-in-provider',
          token,
          text: 'signInWith',
          parts: hidden('returnTo', returnTo)
        }),
        otherPages(visit, offer)
      ]
    },
    status
  )
}

const otherPages = ({ texts }: Visit, offer: Offer) =>
  h('ul', { class: 'links' }, [
    offer.hasMail ? h('li', {}, link('forgot-password', texts.forgotten)) : null,
    offer.registration === 'off' ? null : h('li', {}, link('register', texts.register))
  ])

const passkeyPart = (visit: Visit, returnTo: string, token: string) =>
  passkeyForm(visit, {
    to: 'sign-in-passkey',
    token,
    kind: 'get',
    optionsFrom: '../login/passkey/options',
    text: visit.texts.withPasskey,
    parts: [hidden('returnTo', returnTo)]
  })
