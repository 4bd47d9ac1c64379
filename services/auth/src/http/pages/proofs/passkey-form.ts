import { type ComponentChild, type ComponentChildren, h } from 'preact'
import { form, hidden, submit } from '../frame/parts.ts'
import type { Visit } from '../visits/visit.ts'

type PasskeyForm = {
  readonly to: string
  readonly token: string
  /** whether the browser uses a passkey or makes one */
  readonly kind: 'create' | 'get'
  /** the options of the browser's function; absent: the script asks `optionsFrom` for them */
  readonly options?: unknown
  readonly optionsFrom?: string
  readonly text: string
  readonly parts: ComponentChildren
}

/** the hidden field in which the script puts what the browser has returned, as JSON */
export const PASSKEY_FIELD = 'passkey'

/** A form that a script completes. Without scripts, it says what is missing. */
export function passkeyForm(visit: Visit, given: PasskeyForm): ComponentChild {
  const { to, token, kind, options, optionsFrom, text, parts } = given
  const data: Record<`data-${string}`, string> = { 'data-passkey': kind }
  if (options !== undefined) data['data-options'] = JSON.stringify(options)
  if (optionsFrom !== undefined) data['data-options-from'] = optionsFrom
  return h('div', { class: 'passkey' }, [
    h('noscript', {}, h('p', { class: 'hint' }, visit.texts.needsScript)),
    kind === 'get'
      ? null
      : h(
          'p',
          { class: 'note', hidden: true, 'data-without-passkeys': '' },
          visit.texts.noPasskeys
        ),
    form({ to, token, data }, [
      parts,
      hidden(PASSKEY_FIELD, ''),
      submit(text, { look: 'plain' }),
      h('p', { role: 'alert', class: 'note bad', hidden: true }, visit.texts.passkeyFailed)
    ])
  ])
}

/** What the browser has returned; an empty object, which no route accepts, if it is not JSON. */
export function passkeyOf(field: (name: string) => string): object {
  try {
    const value: unknown = JSON.parse(field(PASSKEY_FIELD))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
