import { ask } from '../api/ask.ts'
import type * as api from '../api/operator-api.ts'
import type { Narrowed } from '../api/responses.ts'
import { loaded } from '../parts/loaded.tsx'

/** How many invitations are listed. */
export const MOST = 50

export type Invitation = Narrowed<
  api.Invitation,
  { readonly state: 'open' | 'used' | 'revoked' | 'expired' }
>

export type NewInvitation = {
  readonly email?: string
  readonly send?: boolean
  readonly roles?: readonly string[]
  readonly scope?: readonly string[]
  readonly expiresInSeconds: number
}

export const invitations = loaded(
  async () =>
    (await ask<{ invitations: Invitation[] }>('GET', `/ops/invitations?limit=${MOST}`)).invitations
)

/** Creates an invitation. Returns its secret. */
export async function invite(body: NewInvitation): Promise<string> {
  const { secret } = await ask<api.CreatedInvitation>('POST', '/ops/invitations', body)
  await invitations.read()
  return secret
}

export async function revoke({ id }: Invitation): Promise<void> {
  try {
    await ask('DELETE', `/ops/invitations/${id}`)
  } finally {
    await invitations.read()
  }
}
