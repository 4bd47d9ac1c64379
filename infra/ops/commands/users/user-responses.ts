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
  readonly deletionAt: string | null
}

export function userTable(users: readonly User[]): string {
  return textTable(
    ['id', 'e-mail', 'roles', 'scope', 'state', 'created'],
    users.map((user) => [
      user.id,
      user.email,
      user.roles.join(','),
      user.scope.join(' '),
      stateOf(user),
      user.createdAt
    ])
  )
}

/** An account that its user has deleted stays until this day, and longer if it is disabled. */
function stateOf({ disabled, deletionAt }: User): string {
  const state = disabled ? 'disabled' : 'enabled'
  return deletionAt === null ? state : `${state}, deletion ${deletionAt.slice(0, 10)}`
}
