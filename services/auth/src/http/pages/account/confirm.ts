import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { faultNote, field, form, hidden, link, paragraph, submit } from '../frame/parts.ts'
import { totpField } from '../frame/totp-field.ts'
import { asPage, type Offer, type PageRoute } from '../page-route.ts'
import { passkeyForm } from '../proofs/passkey-form.ts'
import { proofOf } from '../proofs/proof-of.ts'
import { providerButtons } from '../providers/provider-buttons.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { faultText, refusalOf } from '../visits/refusal-of.ts'
import { type UserPage, userForm, userPage } from '../visits/signed-in.ts'

/** A factor, as `GET /factors` shows it. */
type ShownFactor = { readonly type: 'passkey' | 'totp' }

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

type ConfirmState = { readonly returnTo: string; readonly refused: Answer | null }

async function confirmPage(
  page: UserPage,
  offer: Offer,
  { returnTo, refused }: ConfirmState
): Promise<FastifyReply> {
  const { visit, user, ask } = page
  const { texts } = visit
  const answer = await ask({ method: 'GET', path: '/factors' })
  if (answer.status !== 200) throw refusalOf(answer)
  const factors = answer.body.factors as readonly ShownFactor[]
  const step = { to: 'confirm', token: visit.formToken(user.session) }
  const has = (type: ShownFactor['type']) => factors.some((factor) => factor.type === type)
  const options = has('passkey') && offer.passkeys !== 'off' ? await passkeyOptions(page) : null
  const back = hidden('returnTo', visit.returnTo.allowed(returnTo) ?? '')
  const fault =
    refused === null
      ? null
      : faultText(visit, refused, {
          UNAUTHENTICATED: factors.length === 0 ? 'wrongPassword' : 'wrongCode',
          INVALID_REQUEST: factors.length === 0 ? 'wrongPassword' : 'wrongCode'
        })
  return visit.show(
    {
      title: texts.stepUpTitle,
      signedIn: true,
      ...(options === null ? {} : { script: 'passkey' as const }),
      parts: [
        paragraph(texts.stepUpLead),
        faultNote(fault),
        options === null
          ? null
          : passkeyForm(visit, {
              ...step,
              kind: 'get',
              options,
              text: texts.usePasskey,
              parts: back
            }),
        has('totp')
          ? form(step, [back, totpField(texts, texts.totp), submit(texts.continue)])
          : null,
        factors.length === 0
          ? form(step, [back, passwordField(page), submit(texts.continue)])
          : null,
        factors.length > 0 ? recovery(page, step, back) : signInAgain(page, offer, back),
        h('p', {}, link('account', texts.back))
      ]
    },
    refused?.status ?? 200
  )
}

/** Null: the route offers none. */
async function passkeyOptions({ ask }: UserPage): Promise<object | null> {
  const answer = await ask({ method: 'POST', path: '/step-up/passkey' })
  return answer.status === 200 ? answer.body : null
}

const passwordField = ({ visit }: UserPage) =>
  field({
    name: 'password',
    label: visit.texts.password,
    type: 'password',
    autocomplete: 'current-password'
  })

/** Somebody whose account has no password signs in again. */
const signInAgain = ({ visit }: UserPage, { providers }: Offer, parts: ReturnType<typeof hidden>) =>
  providerButtons(visit, providers, {
    to: 'sign-in-provider',
    token: visit.formToken(SIGNED_OUT),
    text: 'signInWith',
    parts
  })

const recovery = (
  { visit }: UserPage,
  step: { readonly to: string; readonly token: string },
  back: ReturnType<typeof hidden>
) =>
  h('details', {}, [
    h('summary', {}, visit.texts.useRecoveryCode),
    form(step, [
      back,
      field({ name: 'recoveryCode', label: visit.texts.recoveryCode, maxLength: 64 }),
      submit(visit.texts.continue, { look: 'plain' })
    ])
  ])
