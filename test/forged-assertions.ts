import { generateKeyPairSync, sign } from 'node:crypto'

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())

/**
 * What somebody would try who reaches the service without a gateway, and has seen an assertion for
 * another service.
 */
export function forgeries(seen: string, audience: string): Record<string, Record<string, string>> {
  const [head, body, signature] = seen.split('.')
  const ours = encode({ ...decode(body), aud: audience })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = (header: string) => {
    const bytes = sign('sha256', Buffer.from(`${header}.${ours}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363'
    })
    return `${header}.${ours}.${bytes.toString('base64url')}`
  }
  const assertions: Record<string, string> = {
    'one for another route': seen,
    'one with another audience put in': `${head}.${ours}.${signature}`,
    'one signed by somebody else': signed(head ?? ''),
    'one by an unknown key': signed(encode({ ...decode(head), kid: 'unknown' })),
    'one without a signature': `${encode({ ...decode(head), alg: 'none' })}.${ours}.`,
    garbage: 'a.b.c',
    nothing: ''
  }
  return {
    'no assertion': {},
    'headers that nobody signed': { 'x-auth-subject': 'root', 'x-auth-client': 'a' },
    ...Object.fromEntries(
      Object.entries(assertions).map(([title, text]) => [title, { 'x-auth-assertion': text }])
    )
  }
}

/** An assertion with a key that no set contains. */
export function byUnknownKey(seen: string): string {
  const [head, said] = seen.split('.')
  return `${encode({ ...decode(head), kid: 'another' })}.${said}.${'A'.repeat(86)}`
}
