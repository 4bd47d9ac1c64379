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
  const { visit } = page
  const { texts } = visit
  const identities = await identitiesOf(page)
  const linked = linkedIn(offer, identities)
  return section(texts.providers, [
    paragraph(identities.length === 0 ? texts.noProviders : texts.providersLead),
    h(
      'ul',
      { class: 'cards' },
      identities.map((identity) => h('li', {}, identityParts(page, offer, { identity, token })))
    ),
    providerButtons(
      visit,
      offer.providers.filter((provider) => !linked.includes(provider)),
      { to: 'provider-link', token, text: 'linkWith' }
    )
  ])
}

async function identitiesOf({ ask }: UserPage): Promise<readonly ShownIdentity[]> {
  const answer = await ask({ method: 'GET', path: '/identities' })
  if (answer.status !== 200) throw refusalOf(answer)
  return answer.body.identities as readonly ShownIdentity[]
}

const linkedIn = ({ providers }: Offer, identities: readonly ShownIdentity[]) =>
  providers.filter(({ id }) =>
    identities.some(({ provider, opensSession }) => provider === id && opensSession)
  )

/** The providers with which the user can sign in. */
export const linkedProviders = async (page: UserPage, offer: Offer): Promise<Offer['providers']> =>
  offer.providers.length === 0 ? [] : linkedIn(offer, await identitiesOf(page))

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
