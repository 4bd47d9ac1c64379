import { textTable } from '../../terminal/text-table.ts'

/** A user, in a response. */
export type User = {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly disabled: boolean
  readonly createdAt: string
}

export function userTable(users: readonly User[]): string {
  return textTable(
    ['id', 'e-mail', 'roles', 'scope', 'state', 'created'],
    users.map(({ id, email, roles, scope, disabled, createdAt }) => [
      id,
      email,
      roles.join(','),
      scope.join(' '),
      disabled ? 'disabled' : 'enabled',
      createdAt
    ])
  )
}
