import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { type Static, Type } from 'typebox'
import { ClaimPath } from '../tokens/claim-path.ts'
import { forwardedClaims } from '../tokens/forwarded-claims.ts'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 255, description })
/** null removes the claim that the type of the issuer names */
const claim = (description: string) =>
  Type.Optional(Type.Union([ClaimPath, Type.Null()], { description }))

/** The claims that contain the parts of the identity. */
export const ClaimNames = Type.Object(
  {
    audience: claim('For whom the token is; `aud` where it is not given.'),
    subject: claim('Whose token it is; `sub` where it is not given.'),
    client: claim('Which client asked for it; `client_id`, else `azp`, where it is not given.'),
    scope: claim('What it allows: a text of words, or a list; `scope` where it is not given.'),
    roles: claim(
      'The roles: a list, a text that is one role, or an object whose names are the roles. Without it nobody has a role.'
    ),
    email: claim(
      'The e-mail address. Without it there is none, and none unless the token says that it is verified.'
    ),
    emailVerified: claim(
      'Whether the address is verified: true, and nothing else; `email_verified` where it is not given.'
    )
  },
  { additionalProperties: false, default: {}, description: 'Which claim says what.' }
)
export type ClaimNames = Static<typeof ClaimNames>

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  title: 'a text, a number, true or false'
})

/** A claim that must be there, whatever its value: what only the access tokens of an issuer have. */
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
      title: 'a text of at most 32 lower-case letters, digits and -',
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description: 'Stands before its subjects and clients, so that they are nobody else’s.'
    }),
    type: Type.Optional(
      Type.Enum([...issuerTypes], {
        description:
          'What it is: types, claims, require and the address of its keys are then as documented for it, where the entry says nothing else.'
      })
    ),
    issuer: name(
      'Its `iss`, to the letter. With `tenants`, {tenantid} in it stands for each of them.'
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
          description: 'The tenants whose tokens are taken, where one key set serves all of them.'
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
      { description: 'A token must be for this audience, or for one of these.' }
    ),
    audienceClaim: claim('Another spelling of claims.audience.'),
    jwksUrl: Type.Optional(Type.String({ description: 'Where its key set is.' })),
    discoveryUrl: Type.Optional(
      Type.String({
        description:
          'Where it says where its key set is (OpenID Connect Discovery §4, RFC 8414 §3); below the issuer where neither is given.'
      })
    ),
    insecureKeys: Type.Boolean({
      default: false,
      description:
        'The key set may come over plain HTTP. Whoever can write on that network can sign tokens: inside a cluster only.'
    }),
    types: Type.Array(Type.Enum(['at+jwt', 'JWT', 'absent']), {
      default: ['at+jwt'],
      minItems: 1,
      description:
        '`typ` of its access tokens; absent: they have none. With type, values that are not documented for it add to those that are. An ID token may have JWT or none as well, and is told apart by its audience or by `require`.'
    }),
    clockSkewSeconds: Type.Integer({
      default: TOKEN_SKEW_SECONDS,
      minimum: 0,
      maximum: 300,
      description: 'How far its clock and ours may be apart.'
    }),
    require: Type.Record(Type.String(), Required, {
      default: {},
      description:
        'Claims that a token must have, each with its value or one of several, for example token_use: access; with { present: true }, any value is good.'
    }),
    unverifiedEmail: Type.Boolean({
      default: false,
      description:
        'Services are also told an address that the token does not say is verified. A user who can set any address at the issuer is then taken for its owner.'
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
