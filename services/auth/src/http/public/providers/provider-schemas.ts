import { Type } from 'typebox'
import type { OwnIdentity } from '../../../providers/providers.ts'
import { instant, instantOrNull, iso } from '../../fields.ts'

/** What requests and responses about other providers have in common. */

const ProviderId = Type.String({
  maxLength: 32,
  description: 'The id of the provider, as the operator has named it.',
  examples: ['google']
})

export const ProviderParams = Type.Object({ provider: ProviderId })

export const ProviderList = Type.Object(
  {
    providers: Type.Array(
      Type.Object(
        {
          id: ProviderId,
          name: Type.String({ description: 'For people.', examples: ['Google'] }),
          reauthentication: Type.Boolean({
            description: 'Whether it can be told to ask its user to sign in again (prompt=login).',
            examples: [true]
          })
        },
        { title: 'Provider', description: 'Another provider with which users sign in.' }
      ),
      { description: 'In the order of the file of the operator.' }
    )
  },
  { title: 'Providers' }
)

/** SHA-256 in base64url. */
export const CodeChallenge = Type.String({
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'The SHA-256 of the code verifier, in base64url without padding (RFC 7636, S256).',
  examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM']
})

export const Identity = Type.Object(
  {
    id: Type.String({
      description: 'The id of the link.',
      examples: ['3f0b6f7e-21f5-4a27-93f5-6a3a4f6a5b0c']
    }),
    provider: Type.Union([ProviderId, Type.Null()], {
      description: 'The id of the provider; null: it is no longer configured.'
    }),
    issuer: Type.String({
      description: 'The issuer of the provider.',
      examples: ['https://accounts.google.com']
    }),
    email: Type.Union([Type.String({ examples: ['ada@example.com'] }), Type.Null()], {
      description: 'The address at the provider when it was last used; null: it does not say.'
    }),
    createdAt: instant('When it was linked.'),
    lastUsedAt: instantOrNull('When it last opened a session; null: never.'),
    opensSession: Type.Boolean({
      description:
        'Whether it opens a session. After a change of the password, it does not until it is linked again.',
      examples: [true]
    })
  },
  { title: 'Identity', description: 'A linked provider.' }
)

/** @param title the name of the schema, which is unique in each API */
export const listedIdentities = (title: string) =>
  Type.Object({ identities: Type.Array(Identity, { description: 'The oldest first.' }) }, { title })

export const IdentityParams = Type.Object({
  id: Type.String({
    maxLength: 64,
    description: 'The id of the link.',
    examples: ['3f0b6f7e-21f5-4a27-93f5-6a3a4f6a5b0c']
  })
})

export const shownIdentity = ({ row, provider, opensSession }: OwnIdentity) => ({
  id: row.id,
  provider,
  issuer: row.issuer,
  email: row.email,
  createdAt: iso(row.created_at),
  lastUsedAt: row.used_at === null ? null : iso(row.used_at),
  opensSession
})
