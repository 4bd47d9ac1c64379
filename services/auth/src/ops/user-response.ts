import { Type } from 'typebox'
import type { Account } from '../accounts/account.ts'

/** A user as an operator gets to see one. */
export const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  roles: Type.Array(Type.String()),
  scope: Type.Array(Type.String()),
  disabled: Type.Boolean(),
  /** ISO 8601 */
  createdAt: Type.String()
})

export const UserAnswer = Type.Object({ user: User })

/** A user, and how many sessions the call ended. */
export const UserWithEnded = Type.Object({ user: User, ended: Type.Integer() })

/** Whom a call is about: an id or an e-mail address. */
export const UserParams = Type.Object({ user: Type.String({ minLength: 1, maxLength: 254 }) })

export function toUser({ id, email, roles, scope, disabled, createdAt }: Account) {
  return {
    id,
    email,
    roles: [...roles],
    scope: [...scope],
    disabled,
    createdAt: new Date(createdAt * 1000).toISOString()
  }
}
