import { createHash, randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { InvitationTable } from './invitation-table.ts'

type InvitationState = 'open' | 'used' | 'revoked' | 'expired'

/** An invitation to register. Anyone who has its secret can use it, once. */
export type Invitation = {
  /** a UUID, which names the invitation to operators and is not a secret */
  readonly id: string
  /** the only address that may register with it; null: any, or it was used */
  readonly email: string | null
  /** of the new user; null: as for every new user */
  readonly roles: readonly string[] | null
  readonly scope: readonly string[] | null
  /** seconds since 1970 */
  readonly createdAt: number
  readonly expiresAt: number
  readonly state: InvitationState
  /** the account that was created with it */
  readonly usedBy: string | null
}

/** Scanners of source code and logs find a leaked secret by this prefix. */
const PREFIX = 'ghi_'

/** Returns 256 random bits. */
export const newInvitationSecret = (): string => PREFIX + randomBytes(32).toString('base64url')

/**
 * The stored form. A slow hash is for secrets that people choose; 256 random bits cannot be
 * guessed.
 */
export const invitationDigest = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

export function toInvitation(row: Selectable<InvitationTable>, nowSeconds: number): Invitation {
  return {
    id: row.id,
    email: row.email,
    roles: row.roles === null ? null : JSON.parse(row.roles),
    scope: row.scope === null ? null : JSON.parse(row.scope),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state: stateOf(row, nowSeconds),
    usedBy: row.used_by
  }
}

function stateOf(row: Selectable<InvitationTable>, nowSeconds: number): InvitationState {
  if (row.used_at !== null) return 'used'
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at <= nowSeconds ? 'expired' : 'open'
}
