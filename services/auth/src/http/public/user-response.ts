import { Type } from 'typebox'
import { stored, uuid } from '../fields.ts'

export const User = Type.Object(
  {
    id: uuid('The permanent id of the account: sub in access tokens.'),
    email: stored.email,
    roles: stored.roles
  },
  { title: 'User', description: 'An account, as its owner sees it.' }
)
