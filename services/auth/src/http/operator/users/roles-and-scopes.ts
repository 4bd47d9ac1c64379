import { Type } from 'typebox'

/** RFC 6749 §3.3, and no comma, which separates roles in a header */
const name = (example: string) =>
  Type.String({ pattern: '^[\\x21\\x23-\\x2b\\x2d-\\x5b\\x5d-\\x7e]{1,64}$', examples: [example] })

const names = (description: string, example: string) =>
  Type.Array(name(example), {
    maxItems: 64,
    uniqueItems: true,
    description: `${description} Each is 1 to 64 printable ASCII characters without space, comma, quotation mark and backslash.`,
    examples: [[example]]
  })

export const Roles = names('Roles.', 'user')
export const Scopes = names('Scopes.', 'orders:read')
