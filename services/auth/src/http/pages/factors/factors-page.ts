import { h } from 'preact'
import { facts, field, form, hidden, notice, paragraph, section, submit } from '../frame/parts.ts'
import { asPage, type Offer, type PageRoute } from '../page-route.ts'
import type { TextName } from '../text/en.ts'
import { shownTime } from '../text/texts.ts'
import { refusalOf } from '../visits/refusal-of.ts'
import { type UserPage, userPage } from '../visits/signed-in.ts'

/** A factor, as `GET /factors` shows it. */
type ShownFactor = {
  readonly id: string
  readonly type: 'passkey' | 'totp'
  readonly name: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
}

const kinds: Readonly<Record<ShownFactor['type'], TextName>> = {
  totp: 'authenticator',
  passkey: 'passkey'
}

/** What another page has to report. */
const notices = [
  'factorAdded',
  'factorRemoved',
  'factorRenamed'
] as const satisfies readonly TextName[]

/** The second factors of a user, with a form for each change. */
export const showFactors: PageRoute = (service, { open, offer }) => {
  service.get(
    '/factors',
    asPage,
    userPage(open, 'factors', async (page) => {
      const { visit } = page
      const { texts } = visit
      const answer = await page.ask({ method: 'GET', path: '/factors' })
      if (answer.status !== 200) throw refusalOf(answer)
      const factors = answer.body.factors as readonly ShownFactor[]
      const told = notices.find((name) => name === visit.query('notice'))
      const token = visit.formToken(page.user.session)
      return visit.show({
        title: texts.factors,
        name: 'factors',
        signedIn: true,
        parts: [
          notice(told === undefined ? null : texts[told]),
          paragraph(texts.factorsLead),
          factors.length === 0 ? paragraph(texts.noFactors) : null,
          h(
            'ul',
            { class: 'cards' },
            factors.map((factor) => h('li', {}, factorParts(page, factor, token)))
          ),
          factors.length === 0 ? null : codesParts(page, Number(answer.body.recoveryCodes), token),
          addParts(page, offer, token)
        ]
      })
    })
  )
}

function factorParts({ visit }: UserPage, factor: ShownFactor, token: string) {
  const { texts, language } = visit
  const { lastUsedAt } = factor
  const kind = texts[kinds[factor.type]]
  return [
    h('h2', {}, [factor.name, factor.name === kind ? null : h('span', { class: 'mark' }, kind)]),
    facts([
      [texts.added, shownTime(language, factor.createdAt)],
      [texts.lastUsed, lastUsedAt === null ? texts.never : shownTime(language, lastUsedAt)]
    ]),
    h('details', {}, [
      h('summary', { 'aria-label': visit.text('renameOf', { name: factor.name }) }, texts.rename),
      form({ to: 'factor-rename', token }, [
        hidden('id', factor.id),
        field({
          name: 'name',
          id: `name-${factor.id}`,
          label: texts.name,
          value: factor.name,
          maxLength: 64
        }),
        submit(texts.rename, {
          look: 'plain',
          label: visit.text('renameOf', { name: factor.name })
        })
      ])
    ]),
    form({ to: 'factor-remove', token }, [
      hidden('id', factor.id),
      submit(texts.remove, { look: 'plain', label: visit.text('removeOf', { name: factor.name }) })
    ])
  ]
}

const codesParts = ({ visit }: UserPage, left: number, token: string) =>
  h('div', {}, [
    paragraph(visit.text('codesLeft', { count: String(left) })),
    form({ to: 'recovery-codes', token }, submit(visit.texts.newCodes, { look: 'plain' }))
  ])

function addParts({ visit }: UserPage, offer: Offer, token: string) {
  const { texts } = visit
  const kinds = [
    ['factor-totp', texts.addTotp, texts.authenticator, 'totp-name'],
    ...(offer.passkeys === 'off'
      ? []
      : [['factor-passkey', texts.addPasskey, texts.passkey, 'passkey-name'] as const])
  ] as const
  return kinds.map(([to, title, value, name]) =>
    section(
      title,
      form({ to, token }, [
        field({ name, label: texts.name, hint: texts.nameHint, value, maxLength: 64 }),
        submit(title, { look: 'plain' })
      ])
    )
  )
}
