import { httpUrl } from '@gatehouse/settings/fragments'
import { Type } from 'typebox'

/** What the issuer writes and every verifier demands, so both read it from the same settings. */
export const tokenSettings = {
  TOKEN_ISSUER: httpUrl('http://localhost:3000'),
  TOKEN_AUDIENCE: Type.String({ default: 'gatehouse', minLength: 1 })
}
