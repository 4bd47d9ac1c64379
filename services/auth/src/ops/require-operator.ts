import { createHash, timingSafeEqual } from 'node:crypto'
import { isPrivateHost } from '@gatehouse/process/private-host'
import type { FastifyRequest } from 'fastify'
import { notAnOperator, notForBrowsers } from '../refusals.ts'

export type OperatorPolicy = {
  readonly token: string
  /** names by which this listener may be called, besides addresses and names without a dot */
  readonly hosts: readonly string[]
}

const BEARER = /^bearer +(\S+)$/i

/**
 * A hook for every ops call. A browser's page has no business here, whatever it knows: it sends `Origin` or Fetch Metadata,
 * and one that was led here by its own name in the DNS (DNS rebinding) sends that name.
 */
export function requireOperator({ token, hosts }: OperatorPolicy) {
  const expected = digest(token)
  return async ({ headers, hostname }: FastifyRequest): Promise<void> => {
    const fromPage = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
    if (fromPage || !isPrivateHost(hostname, hosts)) throw notForBrowsers()
    const shown = BEARER.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!timingSafeEqual(digest(shown), expected)) throw notAnOperator()
  }
}

/** So that two of different lengths can be compared in constant time as well. */
const digest = (text: string) => createHash('sha256').update(text).digest()
