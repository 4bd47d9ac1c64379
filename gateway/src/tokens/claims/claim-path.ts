import { Type } from 'typebox'

/** The maximum depth of objects in tokens of other issuers. */
const MOST_STEPS = 64

/**
 * A claim, as an operator names it. A string is the claim with exactly this name, including dots
 * and colons (`https://example.com/roles`). If the token has no claim of that name, its dots are
 * steps into objects: `realm_access.roles`. A list has one name per step, and is never ambiguous:
 * `[resource_access, my.client, roles]`.
 */
export const ClaimPath = Type.Union(
  [
    Type.String({ minLength: 1, maxLength: 255 }),
    Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
      minItems: 1,
      maxItems: MOST_STEPS
    })
  ],
  {
    title: 'the name of a claim, or a list with one name for each step',
    description:
      'The name of a claim. If the token has no claim with exactly this name, each dot is a step into an object. A list has one name for each step.'
  }
)
export type ClaimPath = string | readonly string[]

type Claims = Readonly<Record<string, unknown>>

/**
 * The value of a claim; undefined if the token has none or if it is null: issuers write both for a
 * claim that a user does not have.
 */
export function claimAt(claims: Claims, path: ClaimPath): unknown {
  const value = typeof path === 'string' ? byName(claims, path) : bySteps(claims, path)
  return value ?? undefined
}

function bySteps(claims: Claims, steps: readonly string[]): unknown {
  let value: unknown = claims
  for (const step of steps) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

/**
 * In each object, the longest matching name is used. So the meaning of `a.b.c` does not depend on
 * unrelated claims, and costs one lookup per dot.
 */
function byName(claims: Claims, path: string): unknown {
  let value: unknown = claims
  for (let rest = path; ; ) {
    if (!isObject(value)) return undefined
    const name = longestName(value, rest)
    if (name === null) return undefined
    value = value[name]
    if (name.length === rest.length) return value
    rest = rest.slice(name.length + 1)
  }
}

function longestName(object: Claims, path: string): string | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const name = path.slice(0, end)
    if (Object.hasOwn(object, name)) return name
  }
  return null
}

export const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
