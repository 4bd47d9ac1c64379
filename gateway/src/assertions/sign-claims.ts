import { createPrivateKey, sign } from 'node:crypto'
import { signatureOfDer } from '@gatehouse/access-token/ecdsa-form'
import type { AssertionKey, SignClaims } from './assertions.ts'

/** of P-256 */
const COORDINATE_BYTES = 32

/**
 * Signs claims with the gateway's own key, as a JWS in its compact form (RFC 7515 §7.1) with ES256.
 * The key is prepared once: reading its PEM takes longer than a signature. node:crypto is given the
 * key without options: with the form of a JWS as an option, a signature takes twice as long.
 */
export function signClaims({ header, privatePem }: AssertionKey): SignClaims {
  const key = createPrivateKey(privatePem)
  /** by `typ`, of which there are two */
  const headers = new Map<string, string>()
  const headerOf = (typ: string): string => {
    const encoded = headers.get(typ) ?? encode({ ...header, typ })
    headers.set(typ, encoded)
    return encoded
  }
  return (claims, typ) => {
    const input = `${headerOf(typ)}.${encode(claims)}`
    const der = sign('sha256', Buffer.from(input), key)
    return `${input}.${signatureOfDer(der, COORDINATE_BYTES).toString('base64url')}`
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
