import { lookup } from 'node:dns/promises'
import { Server } from 'node:tls'
import type { FastifyInstance } from 'fastify'

/**
 * Starts a listener. Returns its address as a URL that can be requested (port 0 has become a real
 * port, 0.0.0.0 is localhost).
 */
export async function listen(
  app: Pick<FastifyInstance, 'listen' | 'server'>,
  where: { host: string; port: number }
): Promise<string> {
  await app.listen({ host: await hostOf(where), port: where.port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  const host = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(where.host) ? '127.0.0.1' : where.host
  return `${app.server instanceof Server ? 'https' : 'http'}://${host}:${address.port}`
}

/**
 * For the name `localhost`, the framework opens one more server per address of that name. Those
 * would have none of the limits and listeners that were added to `app.server`.
 */
const hostOf = async ({ host }: { host: string }): Promise<string> =>
  host === 'localhost' ? (await lookup(host, { order: 'ipv4first' })).address : host
