import { WORD } from '@gatehouse/access-token/word-form'
import { type Static, Type } from 'typebox'
import { isClaimName } from '../../accounts/account-claims.ts'
import { DAY_SECONDS } from '../../day.ts'

/**
 * Claims of a provider that become roles and claims of accounts, as the file of providers has it.
 */

/** of each kind, and of the values of one rule */
const MOST_RULES = 200

/** `groups`; or `/realm_access/roles` (RFC 6901), for a member of an object */
const Source = Type.String({ minLength: 1, maxLength: 256, pattern: '^(?!/$|.*//)[^\\s]+$' })
const Value = Type.Union([
  Type.String({ minLength: 1, maxLength: 256 }),
  Type.Number(),
  Type.Boolean()
])

const RoleRule = Type.Object(
  {
    claim: Source,
    /** exactly this value, or a list with it */
    value: Value,
    roles: Type.Array(Type.String({ pattern: WORD.source }), { minItems: 1, maxItems: 64 })
  },
  { additionalProperties: false }
)

const ClaimRule = Type.Object(
  {
    claim: Source,
    /** the claim of the account */
    as: Type.String({ minLength: 1, maxLength: 64 }),
    /** only these; absent: all */
    values: Type.Optional(Type.Array(Value, { minItems: 1, maxItems: MOST_RULES }))
  },
  { additionalProperties: false }
)

/** The members of an entry in the file. Nothing is mapped without them. */
export const mappingMembers = {
  roleMapping: Type.Array(RoleRule, { default: [], maxItems: MOST_RULES }),
  claimMapping: Type.Array(ClaimRule, { default: [], maxItems: 32 }),
  /** how long what was mapped lasts after a login at the provider */
  mappingDays: Type.Integer({ default: 90, minimum: 1, maximum: 3650 })
}

export type Mapping = {
  readonly roleMapping: readonly Static<typeof RoleRule>[]
  readonly claimMapping: readonly Static<typeof ClaimRule>[]
}

/** Until when rights of a login at this time last, in seconds since 1970. */
export const mappedUntil = (
  { mappingDays }: { readonly mappingDays: number },
  nowMs: number
): number => Math.floor(nowMs / 1000) + mappingDays * DAY_SECONDS

/** The names that lead to the value of a source. RFC 6901 §4 */
export const namesOf = (source: string): readonly string[] =>
  source.startsWith('/')
    ? source
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [source]

/** The claims of the provider that a mapping reads. */
export const mappedSources = ({ roleMapping, claimMapping }: Mapping): ReadonlySet<string> =>
  new Set([...roleMapping, ...claimMapping].map(({ claim }) => claim))

/** What is wrong with a mapping that its schema cannot find. */
export function mappingFaults({ claimMapping }: Mapping): string[] {
  const names = claimMapping.map(({ as }) => as)
  return names.flatMap((name, at) => {
    if (!isClaimName(name)) {
      return [`claimMapping.${at}.as must be a name that a claim of a user can have`]
    }
    return names.indexOf(name) < at ? [`claimMapping.${at}.as ${name} is used twice`] : []
  })
}
