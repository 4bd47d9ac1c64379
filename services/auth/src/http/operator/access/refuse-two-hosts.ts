import type { FastifyRequest } from 'fastify'
import { twoHosts } from '../../http-refusals.ts'

/**
 * Node.js uses the first of two Host lines, and a proxy in front may have used the other.
 * RFC 9112 §3.2: a server must respond with 400.
 * @throws Refusal INVALID_REQUEST
 */
export async function refuseTwoHosts({ raw }: FastifyRequest): Promise<void> {
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0)
  if (names.filter((name) => name.toLowerCase() === 'host').length > 1) throw twoHosts()
}
