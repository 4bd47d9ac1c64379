import type { Gateway, SigningKey } from '../api/responses.ts'

/** How long a revocation is shown after every gateway has heard of it. */
const SHOWN_MS = 15 * 60_000

/** A revoked key, and which gateways still accept its tokens. */
export type Revocation = {
  readonly key: SigningKey
  readonly gateways: readonly { readonly gateway: Gateway; readonly accepts: boolean }[]
}

/**
 * The newest revocation of a key, while somebody may want to watch it; null: there is none. Pure.
 */
export function revocationOf(
  keys: readonly SigningKey[],
  gateways: readonly Gateway[],
  nowMs: number
): Revocation | null {
  const [key] = keys
    .filter(({ state }) => state === 'revoked')
    .toSorted((one, other) => endOf(other) - endOf(one))
  if (key === undefined) return null
  const reached = gateways.map((gateway) => ({ gateway, accepts: gateway.kids.includes(key.kid) }))
  const isOver = nowMs - endOf(key) > SHOWN_MS && reached.every(({ accepts }) => !accepts)
  return isOver ? null : { key, gateways: reached }
}

const endOf = ({ endedAt }: SigningKey): number => (endedAt === null ? 0 : Date.parse(endedAt))
