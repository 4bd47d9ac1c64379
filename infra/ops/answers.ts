import { textTable } from './text-table.ts'

/** The responses of the ops listener. */
export type User = {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly disabled: boolean
  readonly createdAt: string
}

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

export type Client = {
  readonly id: string
  readonly name: string
  readonly scope: readonly string[]
  readonly receives: readonly string[]
  readonly calls: readonly string[]
  /** null: all */
  readonly roles: readonly string[] | null
  readonly authenticationMethod: string
  readonly disabled: boolean
  readonly createdAt: string
}

export type Secret = { readonly secretId: number; readonly secret: string }

export type Session = {
  readonly id: string
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
  readonly label: string
}

export type Key = {
  readonly kid: string
  readonly algorithm: string
  readonly state: string
  readonly createdAt: string
  readonly activatedAt: string | null
  readonly retiringAt: string | null
  readonly withdrawAt: string | null
  readonly endedAt: string | null
}

export function keyTable(keys: readonly Key[]): string {
  return textTable(
    ['kid', 'algorithm', 'state', 'created', 'activated', 'retires', 'ended'],
    keys.map((key) => [
      key.kid,
      key.algorithm,
      key.state,
      key.createdAt,
      key.activatedAt ?? '',
      key.state === 'retiring' ? (key.withdrawAt ?? '') : '',
      key.endedAt ?? ''
    ])
  )
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

export function clientTable(clients: readonly Client[]): string {
  return textTable(
    ['id', 'name', 'scope', 'receives', 'calls', 'roles', 'authentication', 'state', 'created'],
    clients.map(
      ({ id, name, scope, receives, calls, roles, authenticationMethod, disabled, createdAt }) => [
        id,
        name,
        scope.join(' '),
        receives.join(' '),
        calls.join(' '),
        roles === null ? 'all' : roles.join(' '),
        authenticationMethod,
        disabled ? 'disabled' : 'enabled',
        createdAt
      ]
    )
  )
}

/** A secret, with the note that it is shown only once. */
export const shownOnce = ({ secret }: Secret): string =>
  `The secret, which is not shown again: ${secret}`

export const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`
