/**
 * An attestation object (WebAuthn §6.5.4) with the data of the authenticator, and the statement
 * `none` in place of its own. We ask for no statement and trust no vendor, but any client can send
 * one. To verify it, the library follows addresses in its certificates, to fetch lists of revoked
 * certificates: for `android-key` also in certificates that chain to no root but their own.
 * @param attestationObject base64url, as the result
 * @throws Error if it is not a map in CBOR
 */
export async function withoutStatement(attestationObject: string): Promise<string> {
  const { decodeAttestationObject, isoCBOR } = await import('@simplewebauthn/server/helpers')
  const given = decodeAttestationObject(
    Uint8Array.from(Buffer.from(attestationObject, 'base64url'))
  )
  const bare = new Map<string, string | Uint8Array | Map<string, string>>([
    ['fmt', 'none'],
    ['attStmt', new Map<string, string>()],
    ['authData', given.get('authData')]
  ])
  return Buffer.from(isoCBOR.encode(bare)).toString('base64url')
}
