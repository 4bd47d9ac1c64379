import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'bench'
const KID = 'bench'
const LIFETIME_SECONDS = 3600
/** the form of ECDSA signatures in JOSE (RFC 7518 §3.4) */
const JOSE = 'ieee-p1363'

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
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' }
  const keySet = JSON.stringify({ keys: [publicJwk] })
  const server = createServer((_, response) => response.end(keySet))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const tokens = (count: number) => Array.from({ length: count }, () => newToken(privateKey))
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    publicJwk,
    keySetUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tokens,
    verification: () => timeToVerify(tokens(2000), publicKey),
    close: () => server.close()
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = encode({ alg: 'ES256', typ: 'at+jwt', kid: KID })

function newToken(privateKey: KeyObject): string {
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
  const input = `${HEADER}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: JOSE })
  return `${input}.${signature.toString('base64url')}`
}

/** The processor time of one crypto.verify, in microseconds. */
function timeToVerify(tokens: readonly string[], publicKey: KeyObject): number {
  const samples = tokens.map((token) => {
    const [header, claims, signature] = token.split('.')
    return {
      input: Buffer.from(`${header}.${claims}`),
      signature: Buffer.from(signature ?? '', 'base64url')
    }
  })
  const key = { key: publicKey, dsaEncoding: JOSE } as const
  const before = process.cpuUsage()
  for (const { input, signature } of samples) verify('sha256', input, key, signature)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / samples.length
}
