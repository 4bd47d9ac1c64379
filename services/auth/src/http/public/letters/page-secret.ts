import { Type } from 'typebox'

/** In requests and responses about letters that verify an address. */
export const PageSecret = Type.String({
  minLength: 1,
  maxLength: 128,
  description:
    'Proves that the same page registered and sends the token of the e-mail. Keep it in the storage of the browser until the address is verified.',
  examples: ['Wb0oJ0m9pQ4hUu0mJ0b1YwWb0oJ0m9pQ4hUu0mJ0b1Y']
})

export const SentLetter = Type.Object({ pageSecret: PageSecret }, { title: 'SentLetter' })
