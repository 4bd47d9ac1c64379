import { Type } from 'typebox'

const base64url = (description: string) =>
  Type.Optional(
    Type.String({ description, examples: ['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'] })
  )

/**
 * The public members of a key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). A response has no others,
 * so no mistake publishes a private one.
 */
const PublicJwk = Type.Object(
  {
    kty: Type.Optional(Type.String({ description: 'EC, OKP or RSA.', examples: ['EC'] })),
    kid: Type.Optional(
      Type.String({
        description: 'The id of the key: its thumbprint (RFC 7638).',
        examples: ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs']
      })
    ),
    alg: Type.Optional(Type.String({ description: 'ES256, EdDSA or RS256.', examples: ['ES256'] })),
    use: Type.Optional(Type.String({ description: 'Always sig.', examples: ['sig'] })),
    crv: Type.Optional(
      Type.String({ description: 'The curve of an EC or OKP key.', examples: ['P-256'] })
    ),
    x: base64url('The x coordinate of an EC key, or an OKP key itself.'),
    y: base64url('The y coordinate of an EC key.'),
    n: base64url('The modulus of an RSA key.'),
    e: Type.Optional(
      Type.String({ description: 'The exponent of an RSA key.', examples: ['AQAB'] })
    )
  },
  { title: 'PublicJwk', description: 'A public key (RFC 7517).' }
)

export const publicKeys = Type.Array(PublicJwk, {
  description: 'The public keys. Each verifies signatures with its kid.'
})
