import { Type } from 'typebox'
import type { OwnFactor, OwnFactors } from '../factors/own/own-factors.ts'
import { instant, instantOrNull, iso } from './fields.ts'

export const FactorName = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'What the user calls the factor, to tell several apart.',
  examples: ['Phone']
})

export const Factor = Type.Object(
  {
    id: Type.String({
      description: 'The id of the factor.',
      examples: ['k3VxE0o9W1lQn5cT7yB2dA']
    }),
    type: Type.Enum(['totp', 'passkey'], {
      description: 'totp: an authenticator app (RFC 6238). passkey: a passkey (WebAuthn).'
    }),
    name: FactorName,
    createdAt: instant('When it was added.'),
    lastUsedAt: instantOrNull('When it was last accepted; null: never.'),
    backedUp: Type.Optional(
      Type.Boolean({
        description:
          'Only of a passkey: whether it is copied to other devices of its user, as the authenticator says.',
        examples: [true]
      })
    )
  },
  { title: 'Factor', description: 'A second factor of an account.' }
)

export const shownFactor = ({ id, kind, name, createdAt, usedAt, backedUp }: OwnFactor) => ({
  id,
  type: kind,
  name,
  createdAt: iso(createdAt),
  lastUsedAt: usedAt === null ? null : iso(usedAt),
  ...(backedUp === undefined ? {} : { backedUp })
})

/** @param title the name of the schema, which is unique in each API */
export const listedFactors = (title: string) =>
  Type.Object(
    {
      factors: Type.Array(Factor, { description: 'The factors, the oldest first.' }),
      recoveryCodes: Type.Integer({
        description: 'How many recovery codes are left.',
        examples: [10]
      })
    },
    { title }
  )

export const shownFactors = ({ factors, recoveryCodes }: OwnFactors) => ({
  factors: factors.map(shownFactor),
  recoveryCodes
})
