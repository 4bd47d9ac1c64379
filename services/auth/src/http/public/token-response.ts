import { type Static, Type } from 'typebox'
import type { Grant } from '../../sessions/sessions.ts'

/** How the refresh token is delivered: in the body, or in a cookie that no script can read. */
export const Delivery = Type.Enum(['body', 'cookie'], { default: 'body' })
export type Delivery = Static<typeof Delivery>

export const TokenResponse = Type.Object({
  tokenType: Type.Literal('Bearer'),
  accessToken: Type.String(),
  /** seconds */
  expiresIn: Type.Integer(),
  refreshToken: Type.Optional(Type.String()),
  refreshExpiresIn: Type.Integer(),
  session: Type.Object({ id: Type.String() })
})
export type TokenResponse = Static<typeof TokenResponse>

export function tokenResponse(grant: Grant, delivery: Delivery): TokenResponse {
  return {
    tokenType: 'Bearer',
    accessToken: grant.accessToken.token,
    expiresIn: grant.accessToken.expiresIn,
    ...(delivery === 'body' ? { refreshToken: grant.refreshToken } : {}),
    refreshExpiresIn: grant.refreshExpiresIn,
    session: { id: grant.sid }
  }
}
