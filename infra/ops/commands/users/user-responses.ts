import { textTable } from '../../terminal/text-table.ts'

type Rights = {
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** A user, in a response. */
export type User = {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  /** by operators; absent in responses of an earlier version */
  readonly assigned?: Rights
  /** by linked providers */
  readonly provided?: readonly (Rights & { readonly provider: string })[]
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

/** Where the roles and claims of a user come from; nothing if no provider gives any. */
export function originLines({ assigned, provided = [] }: User): string[] {
  if (assigned === undefined || provided.length === 0) return []
  const line = (from: string, { roles, claims }: Rights) =>
    `  from ${from}: roles ${roles.join(', ') || 'none'}; claims ${JSON.stringify(claims)}`
  return [
    line('operators', assigned),
    ...provided.map((rights) => line(`the provider ${rights.provider}`, rights))
  ]
}
