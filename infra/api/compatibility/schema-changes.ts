import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../document/components.ts'
import { listOf, objectOf, resolved, textsOf } from './json.ts'

/**
 * A release must not accept fewer requests than the one before, and its responses must not omit
 * anything.
 */
type Direction = 'request' | 'response'

/** Two documents, and how a change of a schema reaches clients. */
export type Comparison = {
  readonly before: Json
  readonly after: Json
  readonly direction: Direction
}

/** What a client of the earlier schema does not expect of the later one, one line per change. */
export function schemaChanges(
  comparison: Comparison,
  before: unknown,
  after: unknown,
  at: string
): string[] {
  const earlier = alternativesOf(comparison.before, before)
  const later = alternativesOf(comparison.after, after)
  const [one, other] = [earlier[0], later[0]]
  if (earlier.length === 1 && later.length === 1 && one && other) {
    return plainChanges(comparison, one, other, at)
  }
  return alternativeChanges(comparison, earlier.flatMap(byType), later.flatMap(byType), at)
}

/** A list of types means the same as an alternative for each of them. */
const byType = (schema: Json): Json[] =>
  Array.isArray(schema.type) ? textsOf(schema.type).map((type) => ({ ...schema, type })) : [schema]

function alternativeChanges(
  comparison: Comparison,
  earlier: readonly Json[],
  later: readonly Json[],
  at: string
): string[] {
  const fits = (old: Json, young: Json) => plainChanges(comparison, old, young, at).length === 0
  const lost =
    comparison.direction === 'request'
      ? earlier.filter((old) => !later.some((young) => fits(old, young)))
      : later.filter((young) => !earlier.some((old) => fits(old, young)))
  const what = comparison.direction === 'request' ? 'is now refused' : 'is new'
  return lost.map((schema) => `${at}: the alternative ${JSON.stringify(schema)} ${what}`)
}

/** The alternatives of a schema, each with what all parts of `allOf` say. */
function alternativesOf(document: Json, schema: unknown): Json[] {
  const own = resolved(document, schema)
  const alternatives = [...listOf(own.anyOf), ...listOf(own.oneOf)]
  if (alternatives.length > 0) return alternatives.flatMap((one) => alternativesOf(document, one))
  const parts = listOf(own.allOf).map((part) => resolved(document, part))
  return [parts.reduce(merged, own)]
}

const merged = (one: Json, other: Json): Json => ({
  ...one,
  ...other,
  properties: { ...objectOf(one.properties), ...objectOf(other.properties) },
  required: [...textsOf(one.required), ...textsOf(other.required)]
})

function plainChanges(comparison: Comparison, before: Json, after: Json, at: string): string[] {
  return [
    ...typeChanges(comparison.direction, before, after, at),
    ...valueChanges(comparison.direction, before, after, at),
    ...(comparison.direction === 'request' ? limitChanges(before, after, at) : []),
    ...memberChanges(comparison, before, after, at),
    ...insideChanges(comparison, before, after, at)
  ]
}

function typeChanges(direction: Direction, before: Json, after: Json, at: string): string[] {
  const [given, taken] = direction === 'request' ? [before, after] : [after, before]
  const known = typesOf(taken)
  if (known === null) return []
  const isKnown = (type: string) =>
    known.includes(type) || (type === 'integer' && known.includes('number'))
  if (typesOf(given)?.every(isKnown)) return []
  return [`${at}: the type was ${nameOf(before)} and is ${nameOf(after)}`]
}

const typesOf = ({ type }: Json): readonly string[] | null =>
  type === undefined ? null : typeof type === 'string' ? [type] : textsOf(type)
const nameOf = (schema: Json): string => typesOf(schema)?.join(' or ') ?? 'any'

/** A response may have a new value: clients must expect codes that they do not know. */
function valueChanges(direction: Direction, before: Json, after: Json, at: string): string[] {
  const [earlier, later] = [valuesOf(before), valuesOf(after)]
  if (direction === 'request') {
    if (later === null) return []
    if (earlier === null) return [`${at}: only ${JSON.stringify(later)} is now accepted`]
    const lost = earlier.filter((value) => !later.includes(value))
    return lost.map((value) => `${at}: the value ${JSON.stringify(value)} is now refused`)
  }
  const isConstant = earlier?.length === 1
  if (!isConstant || isDeepStrictEqual(earlier, later)) return []
  return [`${at}: the value is no longer always ${JSON.stringify(earlier[0])}`]
}

function valuesOf(schema: Json): readonly unknown[] | null {
  if (schema.const !== undefined) return [schema.const]
  return schema.enum === undefined ? null : listOf(schema.enum)
}

const LOWER = ['minLength', 'minItems', 'minimum', 'minProperties']
const UPPER = ['maxLength', 'maxItems', 'maximum', 'maxProperties']

function limitChanges(before: Json, after: Json, at: string): string[] {
  const numberOf = (schema: Json, name: string, unset: number) => {
    const value = schema[name]
    return typeof value === 'number' ? value : unset
  }
  const lower = LOWER.filter((name) => {
    // A length and a count are at least 0.
    const unset = name === 'minimum' ? -Infinity : 0
    return numberOf(after, name, unset) > numberOf(before, name, unset)
  })
  const upper = UPPER.filter(
    (name) => numberOf(after, name, Infinity) < numberOf(before, name, Infinity)
  )
  const others = ['pattern', 'format'].filter(
    (name) => after[name] !== undefined && after[name] !== before[name]
  )
  if (after.uniqueItems === true && before.uniqueItems !== true) others.push('uniqueItems')
  return [...lower, ...upper, ...others].map((name) => `${at}: ${name} now accepts fewer values`)
}

function memberChanges(comparison: Comparison, before: Json, after: Json, at: string): string[] {
  const [earlier, later] = [objectOf(before.properties), objectOf(after.properties)]
  const [neededBefore, neededNow] = [textsOf(before.required), textsOf(after.required)]
  const isRequest = comparison.direction === 'request'
  const removed = Object.keys(earlier).filter((name) => later[name] === undefined)
  const kept = Object.keys(earlier).filter((name) => later[name] !== undefined)
  const changed = isRequest
    ? neededNow.filter((name) => !neededBefore.includes(name))
    : neededBefore.filter((name) => !neededNow.includes(name) && kept.includes(name))
  return [
    ...removed.map((name) => `${at}: the member ${name} is removed`),
    ...[...new Set(changed)].map(
      (name) => `${at}: the member ${name} ${isRequest ? 'is now required' : 'may now be absent'}`
    ),
    ...kept.flatMap((name) =>
      schemaChanges(comparison, earlier[name], later[name], `${at}.${name}`)
    )
  ]
}

/** Items of lists, and members without a name of their own. */
function insideChanges(comparison: Comparison, before: Json, after: Json, at: string): string[] {
  const [open, closed] = [
    before.additionalProperties !== false,
    after.additionalProperties === false
  ]
  const isClosed = comparison.direction === 'request' && open && closed
  const inside = ['items', 'additionalProperties'].flatMap((name) =>
    typeof before[name] === 'object' && typeof after[name] === 'object'
      ? schemaChanges(comparison, before[name], after[name], `${at}[]`)
      : []
  )
  const patterns = Object.entries(objectOf(before.patternProperties)).flatMap(([name, schema]) => {
    const other = objectOf(after.patternProperties)[name]
    return other === undefined ? [] : schemaChanges(comparison, schema, other, `${at}[]`)
  })
  return [...(isClosed ? [`${at}: unknown members are now refused`] : []), ...inside, ...patterns]
}
