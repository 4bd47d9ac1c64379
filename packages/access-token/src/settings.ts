import { Type } from 'typebox'

/** What the issuer writes and every verifier demands, so both read it from the same settings. */
export const tokenSettings = {
  TOKEN_ISSUER: Type.String({ default: 'http://localhost:3000', minLength: 1 }),
  TOKEN_AUDIENCE: Type.String({ default: 'gatehouse', minLength: 1 })
}
