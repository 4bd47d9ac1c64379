import type { Form } from '../requests/form.ts'
import { PASSKEY_FIELD, passkeyOf } from './passkey-form.ts'

/** The one proof that a form has, as the routes take it. */
export function proofOf(form: Form): object {
  if (form(PASSKEY_FIELD) !== '') return { passkey: passkeyOf(form) }
  if (form('recoveryCode') !== '') return { recoveryCode: form('recoveryCode').trim() }
  if (form('password') !== '') return { password: form('password') }
  return { totp: form('totp').replaceAll(/\s/g, '') }
}
