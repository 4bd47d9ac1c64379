import { Type } from 'typebox'

/** RFC 6749 §3.3, and no comma, which separates roles in a header */
const Word = Type.String({ pattern: '^[\\x21\\x23-\\x2b\\x2d-\\x5b\\x5d-\\x7e]{1,64}$' })

/** Roles, or scopes. */
export const Words = Type.Array(Word, { maxItems: 64, uniqueItems: true })
