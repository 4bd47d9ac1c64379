import { forwardedHeader } from '@gatehouse/edge-headers/names'
import { words } from '@gatehouse/settings/words'

export const X_FORWARDED = ['for', 'proto', 'host', 'port'] as const
type XForwarded = (typeof X_FORWARDED)[number]

/** The headers in which trusted proxies report the source of a request. */
export type ProxyHeaders = {
  /** null: decided per request */
  readonly kind: 'x-forwarded' | 'forwarded' | null
  /**
   * The `x-forwarded-*` headers that count. A proxy forwards each one that it does not write as the
   * client wrote it, so the others are the client's.
   */
  readonly names: readonly XForwarded[]
}

/** Every proxy writes these. Many load balancers do not write the others. */
const WRITTEN_BY_ALL: readonly XForwarded[] = ['for', 'proto']

/**
 * Reads `forwarded`, `x-forwarded` (all four headers), or a list of `x-forwarded-*` headers. Pure.
 * @returns null for any other value, and for a list without the header that names the client
 */
export function readProxyHeaders(text: string): ProxyHeaders | null {
  const [first, ...more] = words(text.toLowerCase())
  if (first === undefined) return { kind: null, names: WRITTEN_BY_ALL }
  if (more.length === 0 && first === 'forwarded') return { kind: first, names: [] }
  if (more.length === 0 && first === 'x-forwarded') return { kind: first, names: X_FORWARDED }
  const given = [first, ...more]
  const names = X_FORWARDED.filter((name) => given.includes(forwardedHeader[name]))
  const isList = names.length === given.length && names.includes('for')
  return isList ? { kind: 'x-forwarded', names } : null
}
