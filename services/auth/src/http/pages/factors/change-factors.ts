import { faultNote, form, hidden, paragraph, submit } from '../frame/parts.ts'
import { totpField } from '../frame/totp-field.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import { codesPage } from '../proofs/codes-page.ts'
import { newTotpParts } from '../proofs/new-totp-parts.ts'
import { passkeyForm, passkeyOf } from '../proofs/passkey-form.ts'
import type { Answer } from '../requests/ask.ts'
import { faultText } from '../visits/refusal-of.ts'
import { recentForm, type UserPage, userForm } from '../visits/signed-in.ts'

const BACK = 'factors'

/** Shows the secret of a new authenticator, and asks for its first code. */
export const addTotp: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const body = { type: 'totp', ...nameOf(form('totp-name')) }
      const answer = await page.ask({ method: 'POST', path: '/factors', body })
      if (answer.status !== 201) return refusedPage(page, answer)
      const { id } = answer.body.factor as { readonly id: string }
      return totpPage(page, id, newTotpParts(page.visit, answer.body), null)
    }
  })
  service.post('/factor-totp', asPage, handle)
}

export const confirmTotp: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const id = form('id')
      const answer = await page.ask({
        method: 'POST',
        path: `/factors/${encodeURIComponent(id)}/confirm`,
        body: { totp: form('totp').replaceAll(/\s/g, '') }
      })
      if (answer.status === 200) return addedPage(page, answer)
      if (answer.code !== 'INVALID_REQUEST') return refusedPage(page, answer)
      return totpPage(page, id, [], page.visit.texts.wrongCode)
    }
  })
  service.post('/factor-totp-confirm', asPage, handle)
}

/** Lets the browser make a passkey, which needs the script. */
export const askForPasskey: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const { visit, user } = page
      const answer = await page.ask({ method: 'POST', path: '/factors/passkeys/options' })
      if (answer.status !== 200) return refusedPage(page, answer)
      return visit.show({
        title: visit.texts.addPasskey,
        signedIn: true,
        script: 'passkey',
        parts: [
          paragraph(visit.texts.addPasskeyLead),
          passkeyForm(visit, {
            to: 'factor-passkey-add',
            token: visit.formToken(user.session),
            kind: 'create',
            options: answer.body,
            text: visit.texts.addPasskey,
            parts: hidden('name', form('passkey-name'))
          })
        ]
      })
    }
  })
  service.post('/factor-passkey', asPage, handle)
}

export const addPasskey: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const answer = await page.ask({
        method: 'POST',
        path: '/factors/passkeys',
        body: { passkey: passkeyOf(form), ...nameOf(form('name')) }
      })
      return answer.status === 201 ? addedPage(page, answer) : refusedPage(page, answer)
    }
  })
  service.post('/factor-passkey-add', asPage, handle)
}

export const renameFactor: PageRoute = (service, { open }) => {
  const handle = userForm(open, BACK, async (page, form) => {
    const id = encodeURIComponent(form('id'))
    const body = { name: form('name') }
    const answer = await page.ask({ method: 'PATCH', path: `/factors/${id}`, body })
    if (answer.status === 204) return page.visit.go('factors?notice=factorRenamed')
    return refusedPage(page, answer)
  })
  service.post('/factor-rename', asPage, handle)
}

export const removeFactor: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page, form) {
      const id = encodeURIComponent(form('id'))
      const answer = await page.ask({ method: 'DELETE', path: `/factors/${id}` })
      // 404: it is removed already.
      const isGone = answer.status === 204 || answer.status === 404
      if (isGone) return page.visit.go('factors?notice=factorRemoved')
      return refusedPage(page, answer, 'lastFactor')
    }
  })
  service.post('/factor-remove', asPage, handle)
}

export const renewCodes: PageRoute = (service, { open, isRecent }) => {
  const handle = recentForm(open, BACK, {
    isRecent,
    async handle(page) {
      const answer = await page.ask({ method: 'POST', path: '/factors/recovery-codes' })
      return answer.status === 200 ? addedPage(page, answer) : refusedPage(page, answer)
    }
  })
  service.post('/recovery-codes', asPage, handle)
}

/** An empty name is that of the kind. */
const nameOf = (name: string): { readonly name?: string } => (name === '' ? {} : { name })

/** The recovery codes, if the response has any. */
function addedPage({ visit }: UserPage, { body }: Answer) {
  const { recoveryCodes } = body
  return Array.isArray(recoveryCodes)
    ? codesPage(visit, recoveryCodes, 'factors?notice=factorAdded')
    : visit.go('factors?notice=factorAdded')
}

function refusedPage(
  { visit }: UserPage,
  answer: Answer,
  conflict: 'lastFactor' | 'tooManyFactors' = 'tooManyFactors'
) {
  const { texts } = visit
  const fault = faultText(visit, answer, {
    FORBIDDEN: 'factorsOff',
    CONFLICT: conflict,
    INVALID_REQUEST: 'passkeyFailed',
    NOT_FOUND: 'formExpired'
  })
  return visit.show(
    { title: texts.factors, signedIn: true, parts: faultNote(fault) },
    answer.status
  )
}

const totpPage = (
  { visit, user }: UserPage,
  id: string,
  secret: ReturnType<typeof newTotpParts>,
  fault: string | null
) =>
  visit.show(
    {
      title: visit.texts.addTotp,
      signedIn: true,
      parts: [
        faultNote(fault),
        secret,
        form({ to: 'factor-totp-confirm', token: visit.formToken(user.session) }, [
          hidden('id', id),
          totpField(visit.texts, visit.texts.firstCode),
          submit(visit.texts.confirmTotp)
        ])
      ]
    },
    fault === null ? 200 : 400
  )
