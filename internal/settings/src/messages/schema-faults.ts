import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { allowedValues, mustBe, type SchemaNode } from './allowed-values.ts'
import { nearestName } from './nearest-name.ts'

/** A fault of a document: where it is, and what is wrong there, for the person who wrote it. */
export type DocumentFault = {
  readonly path: readonly (string | number)[]
  /** the fault is in the name of the last member, not in its value */
  readonly ofName?: boolean
  readonly text: string
}

/**
 * The faults of a document by its schema. One fault per place; none only if the document fits.
 * Pure.
 */
export function schemaFaults(schema: TSchema, document: unknown): DocumentFault[] {
  return faultsAt(schema, document, [])
}

type Path = DocumentFault['path']

function faultsAt(schema: SchemaNode, value: unknown, path: Path): DocumentFault[] {
  if (Value.Check(schema, value)) return []
  if (schema.anyOf !== undefined) {
    const meant = schema.anyOf.find((one) => kindOf(one) === kindOfValue(value))
    return meant === undefined
      ? [{ path, text: mustBe(schema, value) }]
      : faultsAt(meant, value, path)
  }
  const inside = faultsInside(schema, value, path)
  return inside.length > 0 ? inside : [{ path, text: mustBe(schema, value) }]
}

function faultsInside(schema: SchemaNode, value: unknown, path: Path): DocumentFault[] {
  if (schema.type === 'object' && isMap(value)) return faultsOfMembers(schema, value, path)
  if (schema.type !== 'array' || !Array.isArray(value)) return []
  const { items = {} } = schema
  return value.flatMap((entry, at) => faultsAt(items, entry, [...path, at]))
}

function faultsOfMembers(
  schema: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  path: Path
): DocumentFault[] {
  const { properties = {}, required = [], patternProperties = {}, propertyNames } = schema
  const [ofOthers] = Object.values(patternProperties)
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: [...path, name], ofName: true, text: 'is missing' }))
  const given = Object.entries(value).flatMap(([name, member]): DocumentFault[] => {
    const at = [...path, name]
    if (propertyNames !== undefined && !Value.Check(propertyNames, name)) {
      return [
        {
          path: at,
          ofName: true,
          text: `is not allowed as a name, which must be ${allowedValues(propertyNames)}`
        }
      ]
    }
    const ofMember = Object.hasOwn(properties, name) ? properties[name] : ofOthers
    if (ofMember !== undefined) return faultsAt(ofMember, member, at)
    return [{ path: at, ofName: true, text: unknownName(name, Object.keys(properties)) }]
  })
  return [...missing, ...given]
}

/**
 * The message about an unknown name: with the nearest known name, or all of them.
 * @param kind what the name would be
 * @param mark the text before each name
 */
export function unknownName(
  name: string,
  known: readonly string[],
  kind = 'known',
  mark = ''
): string {
  const nearest = nearestName(name, known)
  return nearest === undefined
    ? `is not ${kind}; allowed: ${known.map((one) => `${mark}${one}`).join(', ')}`
    : `is not ${kind} (nearest: ${mark}${nearest})`
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const kindOf = ({ type }: SchemaNode): string =>
  type === 'integer' ? 'number' : (type ?? 'string')

function kindOfValue(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
