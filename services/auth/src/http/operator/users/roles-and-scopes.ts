import { MOST_WORDS, WORD } from '@gatehouse/access-token/word-form'
import { Type } from 'typebox'

const name = (example: string) => Type.String({ pattern: WORD.source, examples: [example] })

const names = (description: string, example: string) =>
  Type.Array(name(example), {
    maxItems: MOST_WORDS,
    uniqueItems: true,
    description: `${description} Each is 1 to 64 printable ASCII characters without spaces, commas, quotation marks or backslashes.`,
    examples: [[example]]
  })

export const Roles = names('Roles.', 'user')
export const Scopes = names('Scopes.', 'orders:read')
