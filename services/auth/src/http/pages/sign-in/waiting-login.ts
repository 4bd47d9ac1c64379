import type { ComponentChildren } from 'preact'
import { hidden } from '../frame/parts.ts'
import type { Form } from '../requests/form.ts'

/** A login that waits for a second factor. Its challenge is in forms, and in no URL. */
export type WaitingLogin = {
  readonly challenge: string
  readonly returnTo: string
}

export const waitingLogin = (form: Form): WaitingLogin => ({
  challenge: form('challenge'),
  returnTo: form('returnTo')
})

/** The hidden fields of a form. */
export const carried = ({ challenge, returnTo }: WaitingLogin): ComponentChildren => [
  hidden('challenge', challenge),
  hidden('returnTo', returnTo)
]

/** the hidden field of a form that adds the first factor */
export const FIRST_FACTOR = 'firstFactor'
