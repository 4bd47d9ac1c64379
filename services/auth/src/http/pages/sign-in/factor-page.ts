import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { faultNote, field, form, link, paragraph, submit } from '../frame/parts.ts'
import { totpField } from '../frame/totp-field.ts'
import type { PageOptions } from '../page-route.ts'
import { passkeyForm } from '../proofs/passkey-form.ts'
import type { Answer } from '../requests/ask.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { Visit } from '../visits/visit.ts'
import { enrolPage } from './enrol-page.ts'
import { carried, type WaitingLogin } from './waiting-login.ts'

type FactorState = {
  /** FACTOR_REQUIRED, with its challenge */
  readonly answer: Answer
  readonly returnTo: string
  /** what was wrong with the first try */
  readonly fault?: string
}

type Step = WaitingLogin & {
  readonly methods: readonly unknown[]
  readonly token: string
}

/** The second step of a login. Its challenge is in the form, and in no URL. */
export async function factorPage(
  visit: Visit,
  options: PageOptions,
  { answer, returnTo, fault }: FactorState
): Promise<FastifyReply> {
  const { texts } = visit
  const { challenge, factors, passkey } = answer.body
  const step: Step = {
    challenge: String(challenge),
    methods: Array.isArray(factors) ? factors : [],
    token: visit.formToken(SIGNED_OUT),
    returnTo
  }
  if (step.methods.length === 0) return enrolPage(visit, options, step, fault ?? null)
  const canUsePasskey = passkey !== undefined && options.offer.passkeys !== 'off'
  return visit.show(
    {
      title: texts.factorTitle,
      ...(canUsePasskey ? { script: 'passkey' as const } : {}),
      parts: [
        paragraph(texts.factorLead),
        faultNote(fault ?? null),
        canUsePasskey ? passkeyStep(visit, step, passkey) : null,
        step.methods.includes('totp')
          ? form(toFactor(step), [carried(step), ...totp(visit)])
          : null,
        step.methods.includes('recoveryCode') ? recovery(visit, step) : null,
        h('p', {}, link('sign-in', texts.back))
      ]
    },
    fault === undefined ? 200 : answer.status
  )
}

const toFactor = ({ token }: Step) => ({ to: 'sign-in-factor', token })

const passkeyStep = (visit: Visit, step: Step, options: unknown) =>
  passkeyForm(visit, {
    ...toFactor(step),
    kind: 'get',
    options,
    text: visit.texts.usePasskey,
    parts: carried(step)
  })

const totp = ({ texts }: Visit) => [totpField(texts, texts.totp), submit(texts.continue)]

const recovery = ({ texts }: Visit, step: Step) =>
  h('details', {}, [
    h('summary', {}, texts.useRecoveryCode),
    form(toFactor(step), [
      carried(step),
      field({ name: 'recoveryCode', label: texts.recoveryCode, maxLength: 64 }),
      submit(texts.continue, { look: 'plain' })
    ])
  ])
