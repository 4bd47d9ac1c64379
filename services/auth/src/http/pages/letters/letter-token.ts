import type { ComponentChild } from 'preact'
import { field, hidden } from '../frame/parts.ts'
import type { Answer } from '../requests/ask.ts'
import type { Form } from '../requests/form.ts'
import type { Texts } from '../text/en.ts'

const TOKEN_FIELD = 'token'
const MARK = '#token='

/**
 * The field for the token of a letter. The script fills it in from the fragment of the address,
 * which no server gets, and hides it. Without scripts, people paste the link.
 * @param known a token that was sent already; empty: none
 */
export const tokenField = (texts: Texts, known = ''): ComponentChild =>
  known === ''
    ? field({
        name: TOKEN_FIELD,
        label: texts.linkToken,
        hint: texts.linkTokenHint,
        takesToken: true,
        maxLength: 2048
      })
    : hidden(TOKEN_FIELD, known)

/**
 * The token of a refused form, if the same token may be accepted later.
 * @param answer what the route has answered
 */
export const stillUsable = (token: string, { body }: Answer): string =>
  body.retryable === true ? token : ''

/** The token in a form: people paste it, or the whole link. */
export const tokenOf = (form: Form): string => tokenIn(form(TOKEN_FIELD))

export function tokenIn(text: string): string {
  const at = text.indexOf(MARK)
  return (at === -1 ? text : text.slice(at + MARK.length)).trim()
}
