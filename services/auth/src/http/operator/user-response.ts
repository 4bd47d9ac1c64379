import { Type } from 'typebox'
import type { Account } from '../../accounts/account.ts'

/** A user as operators see it. */
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

/** A user, and the number of sessions that the request ended. */
export const UserWithEnded = Type.Object({ user: User, ended: Type.Integer() })

/** The user of a request: an id or an e-mail address. */
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
