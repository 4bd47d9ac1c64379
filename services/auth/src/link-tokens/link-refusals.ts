import { Refusal } from '@gatehouse/problem/refusal'

/** The same for every cause: a guesser learns nothing from it. */
export const tokenInvalid = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the token of an e-mail is unknown, used, expired or for something else',
    detail: 'the link is unknown, used or expired'
  })
