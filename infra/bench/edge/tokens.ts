import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'bench'
const KID = 'bench'
const LIFETIME_SECONDS = 3600

/** An issuer that signs as fast as it can, and serves its key set. */
export type Issuer = {
  readonly publicPem: string
  readonly publicJwk: object
  readonly keySetUrl: string
  /** this many different ES256 tokens */
  tokens(count: number): string[]
  /** processor time of one crypto.verify of such a token, in microseconds */
  verification(): number
  close(): void
}

export async function issuer(): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' }
  const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: KID })
  const token = (): string => {
    const now = Math.floor(Date.now() / 1000)
    const id = randomUUID()
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: `user-${id}`,
      client_id: 'gatehouse',
      exp: now + LIFETIME_SECONDS,
      iat: now,
      nbf: now,
      jti: id,
      sid: `session-${id}`,
      scope: 'orders:read orders:write',
      roles: ['user'],
      email: `${id}@example.com`
    }
    const input = `${header}.${encode(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    publicJwk: jwk,
    keySetUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tokens: (count) => Array.from({ length: count }, token),
    verification() {
      const samples = Array.from({ length: 2000 }, () => {
        const [header, claims, signature] = token().split('.')
        return {
          input: Buffer.from(`${header}.${claims}`),
          signature: Buffer.from(signature ?? '', 'base64url')
        }
      })
      const publicIeee = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
      const before = process.cpuUsage()
      for (const { input, signature } of samples) verify('sha256', input, publicIeee, signature)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / samples.length
    },
    close: () => server.close()
  }
}
