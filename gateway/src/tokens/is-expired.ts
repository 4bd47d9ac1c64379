import type { VerifiedToken } from './verified-token.ts'

/** Whether a token has expired, with the skew that its issuer is allowed. Pure. */
export const isExpired = ({ usableUntil }: VerifiedToken, nowMs: number): boolean =>
  Math.floor(nowMs / 1000) >= usableUntil
