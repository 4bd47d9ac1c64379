import { ask } from '../api/ask.ts'
import { loaded } from '../parts/loaded.tsx'

/** How many invitations are listed. */
export const MOST = 50

export type Invitation = {
  readonly id: string
  /** null: any address */
  readonly email: string | null
  /** null: those of a new user */
  readonly roles: readonly string[] | null
  readonly scope: readonly string[] | null
  readonly state: 'open' | 'used' | 'revoked' | 'expired'
  readonly expiresAt: string
  readonly usedBy: string | null
}

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
  const { secret } = await ask<{ secret: string }>('POST', '/ops/invitations', body)
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
