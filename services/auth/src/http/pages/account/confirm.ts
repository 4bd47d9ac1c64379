import type { FastifyReply } from 'fastify'
import { type ComponentChild, h } from 'preact'
import { faultNote, field, form, hidden, link, paragraph, submit } from '../frame/parts.ts'
import { totpField } from '../frame/totp-field.ts'
import { asPage, type Offer, type PageRoute } from '../page-route.ts'
import { passkeyForm } from '../proofs/passkey-form.ts'
import { proofOf } from '../proofs/proof-of.ts'
import { providerButtons } from '../providers/provider-buttons.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { TextName } from '../text/en.ts'
import { faultText } from '../visits/refusal-of.ts'
import { type UserPage, userForm, userPage } from '../visits/signed-in.ts'
import { type ProofState, proofState } from './proof-state.ts'
import { linkedProviders } from './providers-part.ts'

/** Asks who the user is once more, before a change that needs a recent login (RFC 9470). */
export const showConfirm: PageRoute = (service, { open, offer }) => {
  service.get(
    '/confirm',
    asPage,
    userPage(open, 'account', async (page) =>
      confirmPage(page, offer, { returnTo: page.visit.query('returnTo'), refused: null })
    )
  )
}

export const confirm: PageRoute = (service, { open, offer }) => {
  service.post(
    '/confirm',
    asPage,
    userForm(open, 'account', async (page, form) => {
      const returnTo = form('returnTo')
      const refused = await page.ask({ method: 'POST', path: '/step-up', body: proofOf(form) })
      if (refused.status !== 204) return confirmPage(page, offer, { returnTo, refused })
      return page.visit.go(page.visit.returnTo.allowed(returnTo) ?? 'account')
    })
  )
}

type ConfirmState = {
  readonly returnTo: string
  readonly refused: Answer | null
  /** why a provider has confirmed nothing */
  readonly failed?: TextName
}

export async function confirmPage(
  page: UserPage,
  offer: Offer,
  { returnTo, refused, failed }: ConfirmState
): Promise<FastifyReply> {
  const { visit } = page
  const { texts } = visit
  const state = await proofState(page)
  const back = hidden('returnTo', visit.returnTo.allowed(returnTo) ?? '')
  const hasFactor = state.hasPasskey || state.hasTotp
  const wrong = failed ?? (hasFactor ? 'wrongCode' : 'wrongPassword')
  const own = {
    UNAUTHENTICATED: wrong,
    INVALID_REQUEST: wrong,
    ...(failed === undefined ? {} : { FORBIDDEN: failed })
  } as const
  const fault = refused === null ? failed && texts[failed] : faultText(visit, refused, own)
  const isLost = !hasFactor && !state.hasPassword
  return visit.show(
    {
      title: texts.stepUpTitle,
      name: fault === undefined ? 'confirm' : null,
      signedIn: true,
      ...(state.hasPasskey && offer.passkeys !== 'off' ? { script: 'passkey' as const } : {}),
      parts: [
        paragraph(isLost ? texts.stepUpNoPassword : texts.stepUpLead),
        faultNote(fault ?? null),
        hasFactor
          ? await factorParts(page, offer, { ...state, back })
          : await passwordParts(page, offer, { ...state, back }),
        h('p', {}, link('account', texts.back))
      ]
    },
    refused?.status ?? (failed === undefined ? 200 : 400)
  )
}

type Step = ProofState & { readonly back: ComponentChild }

const toConfirm = ({ visit, user }: UserPage) => ({
  to: 'confirm',
  token: visit.formToken(user.session)
})

async function factorParts(page: UserPage, offer: Offer, { hasPasskey, hasTotp, back }: Step) {
  const { texts } = page.visit
  const step = toConfirm(page)
  const options = hasPasskey && offer.passkeys !== 'off' ? await passkeyOptions(page) : null
  return [
    options === null
      ? null
      : passkeyForm(page.visit, {
          ...step,
          kind: 'get',
          options,
          text: texts.usePasskey,
          parts: back
        }),
    hasTotp ? form(step, [back, totpField(texts, texts.totp), submit(texts.continue)]) : null,
    h('details', {}, [
      h('summary', {}, texts.useRecoveryCode),
      form(step, [
        back,
        field({ name: 'recoveryCode', label: texts.recoveryCode, maxLength: 64 }),
        submit(texts.continue, { look: 'plain' })
      ])
    ])
  ]
}

/**
 * Somebody whose account has no password signs in at a linked provider again, or sets one. A
 * provider that cannot be told to ask opens another session instead.
 */
async function passwordParts(page: UserPage, offer: Offer, { hasPassword, back }: Step) {
  const { visit } = page
  const { texts } = visit
  const linked = await linkedProviders(page, offer)
  return [
    hasPassword
      ? form(toConfirm(page), [
          back,
          field({
            name: 'password',
            label: texts.password,
            type: 'password',
            autocomplete: 'current-password'
          }),
          submit(texts.continue)
        ])
      : null,
    linked.map((provider) =>
      providerButtons(visit, [provider], {
        ...(provider.reauthentication
          ? { ...toConfirm(page), to: 'provider-confirm', parts: back }
          : {
              to: 'sign-in-provider',
              token: visit.formToken(SIGNED_OUT),
              parts: [back, hidden('account', page.user.identity.subject)]
            }),
        text: 'signInWith'
      })
    ),
    hasPassword || !offer.hasMail
      ? null
      : h('p', {}, link('forgot-password', texts.setFirstPassword))
  ]
}

/** Null: the route offers none. */
async function passkeyOptions({ ask }: UserPage): Promise<object | null> {
  const answer = await ask({ method: 'POST', path: '/step-up/passkey' })
  return answer.status === 200 ? answer.body : null
}
