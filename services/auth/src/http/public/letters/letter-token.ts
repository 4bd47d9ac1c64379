import { Type } from 'typebox'

const examples = ['q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']

/** In requests that a link of a letter leads to. */
export const LetterToken = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'The token of the link: what follows #token= in it.',
  examples
})

export const ResetToken = Type.String({
  description:
    'The value of token for POST /auth/password/reset, with which the user chooses a password now.',
  examples
})
