import { Type } from 'typebox'
import { stored, uuid } from '../fields.ts'

export const User = Type.Object(
  {
    id: uuid('The id of the account, for good: sub in access tokens.'),
    email: stored.email,
    roles: stored.roles
  },
  { title: 'User', description: 'An account, as its owner sees it.' }
)
