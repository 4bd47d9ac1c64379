import { type ComponentChild, type ComponentChildren, h } from 'preact'
import { form, hidden, submit } from '../frame/parts.ts'
import type { Offer } from '../page-route.ts'
import type { Visit } from '../visits/visit.ts'

type Buttons = {
  readonly to: string
  readonly token: string
  /** what a button says */
  readonly text: 'signInWith' | 'linkWith'
  readonly parts?: ComponentChildren
}

/** One button for each provider. Coming back from there needs a script. */
export const providerButtons = (
  visit: Visit,
  providers: Offer['providers'],
  { to, token, text, parts = null }: Buttons
): ComponentChild | null =>
  providers.length === 0
    ? null
    : h('div', { class: 'providers' }, [
        h('noscript', {}, h('p', { class: 'hint' }, visit.texts.providersNeedScript)),
        providers.map(({ id, name }) =>
          form({ to, token }, [
            hidden('provider', id),
            parts,
            submit(visit.text(text, { name }), { look: 'plain' })
          ])
        )
      ])
