import { createPrivateKey, sign } from 'node:crypto'
import type { AssertionKey, SignClaims } from './assertions.ts'

/** the form of ECDSA signatures in JWS (RFC 7518 §3.4) */
const IN_JWS = 'ieee-p1363'

/**
 * Signs claims with the gateway's own key, as a JWS in its compact form (RFC 7515 §7.1) with ES256.
 * The key is prepared once: reading its PEM takes as long as half a signature.
 */
export function signClaims({ header, privatePem }: AssertionKey): SignClaims {
  const key = { key: createPrivateKey(privatePem), dsaEncoding: IN_JWS } as const
  /** by `typ`, of which there are two */
  const headers = new Map<string, string>()
  const headerOf = (typ: string): string => {
    const encoded = headers.get(typ) ?? encode({ ...header, typ })
    headers.set(typ, encoded)
    return encoded
  }
  return (claims, typ) => {
    const input = `${headerOf(typ)}.${encode(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
