import { textTable } from '../../terminal/text-table.ts'

/** An OAuth client, in a response. */
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

/** A new secret of a client, in a response. */
export type Secret = { readonly secretId: number; readonly secret: string }

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
