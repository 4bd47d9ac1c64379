import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { type Static, Type } from 'typebox'
import { ClaimPath } from '../tokens/claims/claim-path.ts'
import { forwardedClaims } from '../tokens/claims/forwarded-claims.ts'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 255, description })
/** null removes the claim that the type of the issuer names */
const claim = (description: string) =>
  Type.Optional(Type.Union([ClaimPath, Type.Null()], { description }))

/** The claims that contain the parts of the identity. */
export const ClaimNames = Type.Object(
  {
    audience: claim('The claim with the audience. Default: aud.'),
    subject: claim('The claim with the subject. Default: sub.'),
    client: claim(
      'The claim with the client that requested the token. Default: client_id, or else azp.'
    ),
    scope: claim('The claim with the scope: a string of words, or a list. Default: scope.'),
    roles: claim(
      'The claim with the roles: a list, a string that is one role, or an object whose member names are the roles. Default: none, so no user has a role.'
    ),
    email: claim(
      'The claim with the e-mail address. The address is forwarded if the token says that it is verified. Default: none.'
    ),
    emailVerified: claim(
      'The claim that is true if the address is verified. Default: email_verified.'
    )
  },
  {
    additionalProperties: false,
    default: {},
    description: 'The claims that contain the parts of the identity.'
  }
)
export type ClaimNames = Static<typeof ClaimNames>

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  title: 'a string, a number, true or false'
})

/**
 * A claim that must be there, whatever its value: what only the access tokens of an issuer have.
 */
const Present = Type.Object(
  { present: Type.Literal(true, { title: 'true' }) },
  { additionalProperties: false }
)

/** What a required claim must say: a value, one of several, or anything. */
const Required = Type.Union([Scalar, Type.Array(Scalar, { minItems: 1 }), Present], {
  title: 'a value, a list of values, or { present: true }'
})
export type Required = Static<typeof Required>

/** `{tenantid}` in the name of an issuer, as Microsoft Entra ID writes it in its metadata. */
export const TENANT = '{tenantid}'

/** Issuers whose documented tokens the gateway knows. */
export const issuerTypes = [
  'keycloak',
  'auth0',
  'entra',
  'cognito',
  'okta',
  'google',
  'supabase',
  'zitadel'
] as const
export type IssuerType = (typeof issuerTypes)[number]

/** An issuer other than our own, as the file contains it. */
export const IssuerEntry = Type.Object(
  {
    name: Type.String({
      title: 'a string of at most 32 lower-case letters, digits and -, not beginning with -',
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description:
        'Put in front of the subjects and clients of the issuer, so that they differ from those of other issuers.'
    }),
    type: Type.Optional(
      Type.Enum([...issuerTypes], {
        description:
          'A known product. It supplies the documented types, claims, require and address of the keys. Values in the entry override them.'
      })
    ),
    issuer: name(
      'The iss of its tokens, compared character by character. With tenants, {tenantid} stands for each tenant.'
    ),
    tenants: Type.Optional(
      Type.Array(
        Type.String({
          title: 'a tenant id or domain, of at most 128 letters, digits and . _ -',
          pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
          minLength: 1,
          maxLength: 128
        }),
        {
          minItems: 1,
          maxItems: 1024,
          description: 'The tenants whose tokens are accepted, if one key set serves many tenants.'
        }
      )
    ),
    audience: Type.Union(
      [
        name('The name of this API at the issuer.'),
        Type.Array(name('One of the names of this API at the issuer.'), {
          minItems: 1,
          maxItems: 64
        })
      ],
      { description: 'A token must be for this audience, or for one of these audiences.' }
    ),
    audienceClaim: claim('Another spelling of claims.audience.'),
    jwksUrl: Type.Optional(Type.String({ description: 'The address of its key set.' })),
    discoveryUrl: Type.Optional(
      Type.String({
        description:
          'The address of its metadata, which contain the address of the key set (OpenID Connect Discovery §4, RFC 8414 §3). Without jwksUrl and discoveryUrl: issuer + /.well-known/openid-configuration.'
      })
    ),
    insecureKeys: Type.Boolean({
      default: false,
      description:
        'The key set may come over plain HTTP. Anyone who can write on that network can then sign tokens, so use it only inside a cluster.'
    }),
    types: Type.Array(Type.Enum(['at+jwt', 'JWT', 'absent']), {
      default: ['at+jwt'],
      minItems: 1,
      description:
        'The typ of its access tokens; absent: they have no typ. With type, a list with a value that is not documented for the product adds to the documented values. ID tokens may have the same typ: audience or require must distinguish them.'
    }),
    clockSkewSeconds: Type.Integer({
      default: TOKEN_SKEW_SECONDS,
      minimum: 0,
      maximum: 300,
      description: 'How far the clocks of the issuer and the gateway may differ.'
    }),
    require: Type.Record(Type.String(), Required, {
      default: {},
      description:
        'Claims that a token must have, each with its value or one of several, for example token_use: access. { present: true } accepts any value.'
    }),
    unverifiedEmail: Type.Boolean({
      default: false,
      description:
        'Services also get an e-mail address that the token does not mark as verified. A user who can set any address at the issuer can then pose as its owner.'
    }),
    claims: ClaimNames,
    forward: Type.Optional(
      forwardedClaims(
        'Headers that services get from tokens of this issuer, on every route, each with the claim that it contains (x-auth-tenant: tenant_id).'
      )
    )
  },
  { additionalProperties: false }
)
export type IssuerEntry = Static<typeof IssuerEntry>

export const IssuerFile = Type.Object(
  { issuers: Type.Array(IssuerEntry, { maxItems: 32 }) },
  { additionalProperties: false }
)

/**
 * The issuer of one tenant. A key set that serves several tenants may name the tenant of each key
 * (Microsoft Entra ID: `issuer`). A key of one tenant must not sign for another.
 */
export const inTenant = (template: string, tenant: string): string =>
  template.replaceAll(TENANT, tenant)

/** The issuers of an entry: one, or one per tenant. */
export function issuersOf({
  issuer,
  tenants
}: IssuerEntry): { readonly issuer: string; readonly tenant: string | null }[] {
  if (tenants === undefined) return [{ issuer, tenant: null }]
  return tenants.map((tenant) => ({ issuer: inTenant(issuer, tenant), tenant }))
}
