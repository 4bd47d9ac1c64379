import { textTable } from '../../terminal/text-table.ts'

/** An invitation, in a response. */
export type Invitation = {
  readonly id: string
  readonly email: string | null
  readonly roles: readonly string[] | null
  readonly scope: readonly string[] | null
  readonly state: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly usedBy: string | null
}

export function invitationTable(invitations: readonly Invitation[]): string {
  return textTable(
    ['id', 'e-mail', 'roles', 'scope', 'state', 'expires', 'used by'],
    invitations.map(({ id, email, roles, scope, state, expiresAt, usedBy }) => [
      id,
      email ?? '',
      (roles ?? []).join(' '),
      (scope ?? []).join(' '),
      state,
      expiresAt,
      usedBy ?? ''
    ])
  )
}
