import { isPlainText } from '../plain-text.ts'
import { type Mapping, namesOf } from './mapping-rules.ts'

type Claims = Readonly<Record<string, unknown>>

/** The rights that a provider gives its user, each with the claim from which it comes. */
export type MappedRights = {
  readonly roles: readonly {
    readonly role: string
    readonly claim: string
    readonly value: Scalar
  }[]
  readonly claims: readonly {
    readonly name: string
    readonly claim: string
    readonly value: unknown
  }[]
}

type Scalar = string | number | boolean

/** in characters, of each text */
const LONGEST_TEXT = 256
/** of a claim that is a list */
const MOST_ITEMS = 64

/** The rights of a user with these claims. Whatever no rule names is ignored. */
export function mappedRights(claims: Claims, { roleMapping, claimMapping }: Mapping): MappedRights {
  const values = new Map<string, ReadonlySet<unknown>>()
  const valuesOf = (claim: string): ReadonlySet<unknown> => {
    const known = values.get(claim) ?? new Set([claimAt(claims, claim)].flat())
    values.set(claim, known)
    return known
  }
  const roles = new Map<string, MappedRights['roles'][number]>()
  for (const { claim, value, roles: given } of roleMapping) {
    if (!valuesOf(claim).has(value)) continue
    // The first rule that gives a role is named.
    for (const role of given) if (!roles.has(role)) roles.set(role, { role, claim, value })
  }
  return {
    roles: [...roles.values()],
    claims: claimMapping.flatMap(({ claim, as: name, values: allowed }) => {
      const value = usable(claimAt(claims, claim), allowed)
      return value === undefined ? [] : [{ name, claim, value }]
    })
  }
}

/** The value of a claim, or of a member of it, of its own properties only. */
export function claimAt(claims: Claims, source: string): unknown {
  let value: unknown = claims
  for (const name of namesOf(source)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = (value as Claims)[name]
  }
  return value
}

/** What a mapping, which may be another one now, has of rights that were mapped before. */
export const stillMapped = (
  rights: MappedRights,
  { roleMapping, claimMapping }: Mapping
): MappedRights => ({
  roles: rights.roles.filter(({ role, claim, value }) =>
    roleMapping.some(
      (rule) => rule.claim === claim && rule.value === value && rule.roles.includes(role)
    )
  ),
  claims: rights.claims.filter(({ name, claim, value }) =>
    claimMapping.some(
      (rule) =>
        rule.claim === claim &&
        rule.as === name &&
        [value].flat().every((one) => isScalar(one) && (rule.values?.includes(one) ?? true))
    )
  )
})

/** A value that an account can have; undefined: it is none, or not one of those allowed. */
function usable(value: unknown, allowed: readonly Scalar[] | undefined): unknown {
  const isUsable = (one: unknown) => isScalar(one) && (allowed?.includes(one) ?? true)
  if (!Array.isArray(value)) return isUsable(value) ? value : undefined
  const items = value.filter(isUsable)
  // A list of which something is missing would look like a whole one, except by the operator's
  // rule.
  const isWhole = allowed !== undefined || items.length === value.length
  return isWhole && items.length > 0 && items.length <= MOST_ITEMS ? items : undefined
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'string') return isPlainText(value, LONGEST_TEXT)
  return typeof value === 'boolean' || Number.isFinite(value)
}
