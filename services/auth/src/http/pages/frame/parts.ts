import { type ComponentChild, type ComponentChildren, h } from 'preact'
import { TOKEN_FIELD } from '../requests/form-token.ts'

/** The parts of which pages consist. Everything that they show is escaped. */

export type Part = ComponentChild | readonly ComponentChild[]

/** A field with its label, its hint and what is wrong with it. */
export type FieldOptions = {
  readonly name: string
  /** default: the name, which must then be the only one on its page */
  readonly id?: string
  readonly label: string
  readonly type?: 'email' | 'password' | 'text'
  /** tells browsers and password managers what to fill in (WCAG 2.2, 1.3.5) */
  readonly autocomplete?: string
  readonly inputmode?: 'numeric' | 'text'
  readonly hint?: string
  readonly fault?: string | null
  readonly value?: string
  readonly required?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  /** the script moves the token of a letter into it */
  readonly takesToken?: boolean
}

export function field(options: FieldOptions): ComponentChild {
  const { name, id = name, label, type = 'text', hint, fault = null, required = true } = options
  const hintId = hint === undefined ? [] : [`${id}-hint`]
  const faultId = fault === null ? [] : [`${id}-fault`]
  const describedBy = [...faultId, ...hintId].join(' ')
  return h('div', { class: 'field' }, [
    h('label', { for: id }, label),
    fault === null ? null : h('p', { class: 'fault', id: `${id}-fault` }, fault),
    h('input', {
      id,
      name,
      type,
      required,
      autocomplete: options.autocomplete ?? 'off',
      ...(options.value === undefined ? {} : { value: options.value }),
      ...(options.inputmode === undefined ? {} : { inputmode: options.inputmode }),
      ...(options.minLength === undefined ? {} : { minlength: options.minLength }),
      ...(options.maxLength === undefined ? {} : { maxlength: options.maxLength }),
      ...(options.pattern === undefined ? {} : { pattern: options.pattern }),
      ...(options.takesToken === true ? { 'data-takes-token': '' } : {}),
      ...(type === 'text' ? { autocapitalize: 'none', spellcheck: false } : {}),
      ...(describedBy === '' ? {} : { 'aria-describedby': describedBy }),
      ...(fault === null ? {} : { 'aria-invalid': 'true' })
    }),
    hint === undefined ? null : h('p', { class: 'hint', id: `${id}-hint` }, hint)
  ])
}

export const hidden = (name: string, value: string): ComponentChild =>
  h('input', { type: 'hidden', name, value })

export type FormOptions = {
  /** the name of the page to which it is sent */
  readonly to: string
  readonly token: string
  /** what the script reads */
  readonly data?: Readonly<Record<`data-${string}`, string>>
}

export const form = (
  { to, token, data = {} }: FormOptions,
  parts: ComponentChildren
): ComponentChild =>
  h('form', { method: 'post', action: to, ...data }, [hidden(TOKEN_FIELD, token), parts])

/** @param look `plain`: not the main action of its page */
export const submit = (
  text: string,
  { look, label }: { readonly look?: 'plain' | 'danger'; readonly label?: string } = {}
): ComponentChild =>
  h(
    'button',
    {
      type: 'submit',
      ...(look === undefined ? {} : { class: look }),
      ...(label === undefined ? {} : { 'aria-label': label })
    },
    text
  )

/** A link to another page. */
export const link = (to: string, text: string): ComponentChild => h('a', { href: to }, text)

export const paragraph = (text: string): ComponentChild => h('p', {}, text)

/** Reported at once by screen readers. */
export const faultNote = (text: string | null): ComponentChild | null =>
  text === null ? null : h('p', { role: 'alert', class: 'note bad' }, text)

export const notice = (text: string | null): ComponentChild | null =>
  text === null ? null : h('p', { role: 'status', class: 'note' }, text)

export const section = (title: string, parts: ComponentChildren): ComponentChild =>
  h('section', {}, [h('h2', {}, title), parts])

/** Names and what they mean, such as the times of a session. */
export const facts = (entries: readonly (readonly [string, string])[]): ComponentChild =>
  h(
    'dl',
    {},
    entries.map(([name, value]) => h('div', {}, [h('dt', {}, name), h('dd', {}, value)]))
  )
