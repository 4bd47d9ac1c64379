import type { FastifyReply } from 'fastify'
import { type ComponentChild, h } from 'preact'
import {
  facts,
  faultNote,
  field,
  form,
  hidden,
  link,
  notice,
  paragraph,
  section,
  submit
} from '../frame/parts.ts'
import type { Offer } from '../page-route.ts'
import type { TextName } from '../text/en.ts'
import type { UserPage } from '../visits/signed-in.ts'
import { proofState } from './proof-state.ts'
import { providersPart } from './providers-part.ts'

/** What another page has to report. */
const notices = [
  'emailAsked',
  'passwordChanged',
  'providerLinked',
  'providerUnlinked'
] as const satisfies readonly TextName[]

/** What was wrong with one of the forms. */
export type AccountFaults = {
  readonly currentPassword?: string
  readonly newPassword?: string
  readonly email?: string
  readonly other?: string
  readonly status: number
}

/** The account of a user, with a form for each change. */
export async function accountPage(
  page: UserPage,
  offer: Offer,
  faults: AccountFaults | null
): Promise<FastifyReply> {
  const { visit, user } = page
  const { texts } = visit
  const told = notices.find((name) => name === visit.query('notice'))
  const token = visit.formToken(user.session)
  return visit.show(
    {
      title: texts.account,
      name: faults === null ? 'account' : null,
      signedIn: true,
      parts: [
        notice(told === undefined || faults !== null ? null : texts[told]),
        faultNote(faults?.other ?? null),
        paragraph(user.email),
        await passwordPart(page, offer, { token, faults }),
        offer.hasMail
          ? section(texts.changeEmail, emailForm(page, token, faults?.email ?? null))
          : null,
        await providersPart(page, offer, token),
        section(texts.yourData, [
          paragraph(texts.yourDataLead),
          form({ to: 'export', token }, submit(texts.download, { look: 'plain' }))
        ]),
        section(texts.deleteAccount, h('p', {}, link('delete-account', texts.deleteAccount)))
      ]
    },
    faults?.status ?? 200
  )
}

/** An account without a password gets one by e-mail: there is nothing with which to prove more. */
async function passwordPart(
  page: UserPage,
  { hasMail }: Offer,
  { token, faults }: { readonly token: string; readonly faults: AccountFaults | null }
): Promise<ComponentChild> {
  const { texts } = page.visit
  if ((await proofState(page)).hasPassword) {
    return section(texts.changePassword, passwordForm(page, token, faults))
  }
  return section(texts.password, [
    paragraph(texts.noPassword),
    hasMail ? h('p', {}, link('forgot-password', texts.setFirstPassword)) : null
  ])
}

const passwordForm = (
  { visit, user }: Pick<UserPage, 'visit' | 'user'>,
  token: string,
  faults: AccountFaults | null
) =>
  form({ to: 'change-password', token }, [
    // Password managers store the new password under this name.
    h('input', {
      type: 'text',
      name: 'username',
      value: user.email,
      autocomplete: 'username',
      hidden: true,
      readOnly: true
    }),
    field({
      name: 'currentPassword',
      label: visit.texts.currentPassword,
      type: 'password',
      autocomplete: 'current-password',
      fault: faults?.currentPassword ?? null
    }),
    field({
      name: 'newPassword',
      label: visit.texts.newPassword,
      type: 'password',
      autocomplete: 'new-password',
      hint: visit.texts.passwordHint,
      fault: faults?.newPassword ?? null,
      minLength: 8
    }),
    submit(visit.texts.changePassword)
  ])

const emailForm = ({ visit: { texts } }: UserPage, token: string, fault: string | null) =>
  form({ to: 'change-email', token }, [
    field({
      name: 'newEmail',
      label: texts.newEmail,
      type: 'email',
      autocomplete: 'email',
      fault
    }),
    submit(texts.changeEmail, { look: 'plain' })
  ])

/** Asks before an account is deleted. */
export const deletePage = ({ visit, user }: UserPage): FastifyReply =>
  visit.show({
    title: visit.texts.deleteAccount,
    name: 'delete-account',
    signedIn: true,
    parts: [
      paragraph(visit.texts.deleteLead),
      facts([[visit.texts.email, user.email]]),
      form({ to: 'delete-account', token: visit.formToken(user.session) }, [
        hidden('email', user.email),
        submit(visit.texts.deleteConfirm, { look: 'danger' })
      ]),
      h('p', {}, link('account', visit.texts.back))
    ]
  })
