import { createHash, timingSafeEqual } from 'node:crypto'
import { isPrivateHost } from '@gatehouse/process/private-host'
import type { FastifyRequest } from 'fastify'
import { notAnOperator, notForBrowsers } from '../http-refusals.ts'

export type OperatorPolicy = {
  readonly token: string
  /** host names that this listener accepts, in addition to addresses and names without a dot */
  readonly hosts: readonly string[]
}

const BEARER = /^bearer +(\S+)$/i

/**
 * A hook for every request to the ops API. It refuses pages in a browser, whatever token they have:
 * a page sends `Origin` or Fetch Metadata, and a page that reaches the listener through its own DNS
 * name (DNS rebinding) sends that name as the host.
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

/** With digests, texts of different lengths can be compared in constant time too. */
const digest = (text: string) => createHash('sha256').update(text).digest()
