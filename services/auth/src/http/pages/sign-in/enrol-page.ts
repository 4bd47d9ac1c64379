import type { FastifyReply } from 'fastify'
import { faultNote, form, hidden, paragraph, section, submit } from '../frame/parts.ts'
import { totpField } from '../frame/totp-field.ts'
import type { PageOptions } from '../page-route.ts'
import { newTotpParts } from '../proofs/new-totp-parts.ts'
import { passkeyForm } from '../proofs/passkey-form.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import { refusalOf } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { carried, FIRST_FACTOR, type WaitingLogin } from './waiting-login.ts'

/**
 * The account must add its first factor to sign in. After a wrong code, the secret is not shown
 * again: the app has it already.
 * @throws Refusal RATE_LIMITED and others
 */
export async function enrolPage(
  visit: Visit,
  { offer }: PageOptions,
  login: WaitingLogin,
  fault: string | null
): Promise<FastifyReply> {
  const { texts } = visit
  const { challenge } = login
  const added =
    fault === null
      ? await visit.ask({ method: 'POST', path: '/login/factor/enrol', body: { challenge } })
      : null
  if (added !== null && added.status !== 201) throw refusalOf(added)
  const token = visit.formToken(SIGNED_OUT)
  return visit.show(
    {
      title: texts.enrolTitle,
      parts: [
        paragraph(offer.passkeys === 'off' ? texts.enrolLead : texts.enrolLeadPasskey),
        faultNote(fault),
        added === null ? null : newTotpParts(visit, added.body),
        form({ to: 'sign-in-factor', token }, [
          carried(login),
          hidden(FIRST_FACTOR, 'totp'),
          totpField(texts, texts.totp),
          submit(texts.continue)
        ]),
        offer.passkeys === 'off'
          ? null
          : section(
              texts.passkey,
              form({ to: 'first-passkey', token }, [
                carried(login),
                submit(texts.addPasskey, { look: 'plain' })
              ])
            )
      ]
    },
    fault === null ? 200 : 401
  )
}

/** Lets the browser make the first passkey. @param options of `navigator.credentials.create()` */
export const firstPasskeyPage = (
  visit: Visit,
  login: WaitingLogin,
  { options, fault }: { readonly options: object; readonly fault: string | null }
): FastifyReply =>
  visit.show(
    {
      title: visit.texts.addPasskey,
      script: 'passkey',
      parts: [
        paragraph(visit.texts.addPasskeyLead),
        faultNote(fault),
        passkeyForm(visit, {
          to: 'sign-in-first-passkey',
          token: visit.formToken(SIGNED_OUT),
          kind: 'create',
          options,
          text: visit.texts.addPasskey,
          parts: carried(login)
        })
      ]
    },
    fault === null ? 200 : 400
  )
