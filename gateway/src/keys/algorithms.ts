/**
 * The signature algorithms of the tokens that the gateway can check (RFC 7518 §3.1, RFC 8037 §3.1,
 * RFC 9864 §2.2). All of them have a public key. Adding one with a shared secret would let everyone
 * who can read a key set sign tokens.
 */
export const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519'
] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

const RSA: readonly SignatureAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** RFC 7518 §3.4: each algorithm has its own curve. ES512 uses P-521. */
const BY_CURVE: Readonly<Record<string, readonly SignatureAlgorithm[]>> = {
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  // Two names of one algorithm: RFC 9864 renamed what RFC 8037 calls EdDSA.
  'OKP Ed25519': ['EdDSA', 'Ed25519']
}

/**
 * The algorithms that a key of this kind can check. The key decides, never the token (RFC 8725
 * §3.1).
 */
export function algorithmsOfKind({
  kty,
  crv
}: Record<string, unknown>): readonly SignatureAlgorithm[] {
  return kty === 'RSA' ? RSA : (BY_CURVE[`${kty} ${crv}`] ?? [])
}

/** The same, restricted to the `alg` of the key (RFC 7517 §4.4). */
export function narrowed(
  algorithms: readonly SignatureAlgorithm[],
  alg: unknown
): readonly SignatureAlgorithm[] {
  const isNamed = algorithms.some((one) => one === alg)
  if (!isNamed) return []
  return algorithms.includes('Ed25519') ? algorithms : algorithms.filter((one) => one === alg)
}
