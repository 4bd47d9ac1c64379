import { createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { Test } from 'tap'
import type { Edge } from '../gateway/test/fixtures/edge.ts'
import { sendBytes, statusesIn } from '../gateway/test/fixtures/raw-client.ts'
import { askedFromHere } from '../gateway/test/verify/fixtures/subrequest.ts'
import { sockets } from '../gateway/test/websocket/fixtures/sockets.ts'

const routes = `
  - { name: admins, prefix: /admins, upstream: service, roles: [root] }
  - { name: counted, prefix: /counted, upstream: service, limit: { max: 1, windowSeconds: 60, by: subject } }
  - { name: reads, prefix: /reads, upstream: service, methods: { GET: {} } }
  - { name: live, prefix: /live, upstream: service, websocket: true }
  - { name: either, prefix: /either, upstream: service, access: optional }
`

/** A gateway that real proxies ask, before a service that believes only its assertion. */
export async function forwardAuthGateway(t: Test) {
  const { gateway, taken } = await sockets(t, { ...askedFromHere, routes })
  const key = createPublicKey(gateway.assertionKey.publicPem)
  return {
    gateway,
    taken,
    /** The caller that an assertion names to the service of a route; null without one. */
    async callerOf(assertion: unknown, audience: string): Promise<string | null> {
      if (assertion === undefined || assertion === '') return null
      const currentDate = new Date(gateway.clock())
      const options = { audience, issuer: 'gatehouse-gateway', currentDate, algorithms: ['ES256'] }
      return (await jwtVerify(String(assertion), key, options)).payload.sub ?? null
    },
    authorization: (claims = {}) => `Authorization: Bearer ${gateway.token(claims)}`
  }
}

export type Proxied = { readonly port: number; readonly received: Edge['upstream']['received'] }

/** A request whose lines are exactly these, and what of it reached the service. */
export async function send({ port, received }: Proxied, line: string, ...lines: string[]) {
  const before = received.length
  const host = lines.some((one) => /^host:/i.test(one)) ? [] : ['Host: api.example']
  const bytes = [line, ...host, ...lines, 'Connection: close', '', ''].join('\r\n')
  const answer = await sendBytes(port, bytes)
  const [status = 0] = statusesIn(answer)
  return { status, answer, reached: received.slice(before) }
}

/** After an upgrade, a proxy passes on what the client sends, and does not ask. */
export async function upgradesNothing(t: Test, proxied: Proxied) {
  const settings = 'HTTP2-Settings: AAMAAABkAAQAAAAA'
  for (const lines of [
    ['Upgrade: h2c', settings, 'Connection: Upgrade, HTTP2-Settings'],
    ['Upgrade: h2c', 'Connection: Upgrade'],
    ['Upgrade: websocket', 'Upgrade: h2c', 'Connection: Upgrade'],
    ['Upgrade: websocket', 'Connection: Upgrade']
  ]) {
    const { status, reached } = await send(proxied, 'GET /open HTTP/1.1', ...lines)
    const { upgrade, 'http2-settings': of } = reached[0]?.headers ?? {}
    t.strictSame([upgrade, of], [undefined, undefined], `${lines.join(', ')}: ${status}`)
  }
}
