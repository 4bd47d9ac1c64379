import { type ComponentChild, h } from 'preact'
import { facts, form, hidden, paragraph, section, submit } from '../frame/parts.ts'
import type { Offer } from '../page-route.ts'
import { providerButtons } from '../providers/provider-buttons.ts'
import { shownTime } from '../text/texts.ts'
import { refusalOf } from '../visits/refusal-of.ts'
import type { UserPage } from '../visits/signed-in.ts'

/** A linked provider, as `GET /identities` shows it. */
type ShownIdentity = {
  readonly id: string
  readonly provider: string | null
  readonly issuer: string
  readonly email: string | null
  readonly createdAt: string
  readonly lastUsedAt: string | null
  readonly opensSession: boolean
}

/** The linked providers, with buttons for the others. Null: no provider is configured. */
export async function providersPart(
  page: UserPage,
  offer: Offer,
  token: string
): Promise<ComponentChild | null> {
  if (offer.providers.length === 0) return null
  const { visit, ask } = page
  const { texts } = visit
  const answer = await ask({ method: 'GET', path: '/identities' })
  if (answer.status !== 200) throw refusalOf(answer)
  const identities = answer.body.identities as readonly ShownIdentity[]
  const isLinked = (id: string) =>
    identities.some(({ provider, opensSession }) => provider === id && opensSession)
  return section(texts.providers, [
    paragraph(identities.length === 0 ? texts.noProviders : texts.providersLead),
    h(
      'ul',
      { class: 'cards' },
      identities.map((identity) => h('li', {}, identityParts(page, offer, { identity, token })))
    ),
    providerButtons(
      visit,
      offer.providers.filter(({ id }) => !isLinked(id)),
      { to: 'provider-link', token, text: 'linkWith' }
    )
  ])
}

function identityParts(
  { visit }: UserPage,
  { providers }: Offer,
  { identity, token }: { readonly identity: ShownIdentity; readonly token: string }
) {
  const { texts, language } = visit
  const { id, provider, issuer, email, createdAt, lastUsedAt, opensSession } = identity
  const name = providers.find((one) => one.id === provider)?.name ?? issuer
  return [
    h('h3', {}, name),
    facts([
      ...(email === null ? [] : [[texts.email, email] as const]),
      [texts.added, shownTime(language, createdAt)],
      [texts.lastUsed, lastUsedAt === null ? texts.never : shownTime(language, lastUsedAt)]
    ]),
    opensSession || provider === null ? null : paragraph(texts.linkAgain),
    form({ to: 'provider-unlink', token }, [
      hidden('id', id),
      submit(texts.unlink, { look: 'plain', label: visit.text('unlinkOf', { name }) })
    ])
  ]
}
