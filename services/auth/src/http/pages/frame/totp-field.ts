import type { ComponentChild } from 'preact'
import type { Texts } from '../text/en.ts'
import { field } from './parts.ts'

/** The field for the six digits of an authenticator app. */
export const totpField = (texts: Texts, label: string): ComponentChild =>
  field({
    name: 'totp',
    label,
    hint: texts.totpHint,
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    maxLength: 7,
    pattern: '[0-9]{3} ?[0-9]{3}'
  })
