import type { FastifyRequest } from 'fastify'

/**
 * Whether a page of this listener's own origin sends a request. Browsers send Fetch Metadata with
 * each request, and no script can change it (W3C Fetch Metadata Request Headers).
 */
export function isFromOwnPage({ headers, host }: Pick<FastifyRequest, 'headers' | 'host'>) {
  if (headers['sec-fetch-site'] !== 'same-origin') return false
  const { origin } = headers
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
}

/** Whether a page of any origin sends a request. */
export const isFromPage = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
