import type { TSchema } from 'typebox'
import { nearestName } from './nearest-name.ts'

/** The parts of a schema that define the allowed values. */
export type SchemaNode = TSchema & {
  readonly title?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly propertyNames?: SchemaNode
  readonly additionalProperties?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  /** why a text is not allowed, without any part of it; JSON Schema leaves it out */
  readonly faultOf?: (text: string) => string | null
}

/**
 * What is wrong with a value that its schema does not allow: `must be` and the allowed values,
 * never the value itself. Pure.
 */
export function mustBe(schema: SchemaNode, value: unknown): string {
  const words = schema.enum?.map(String) ?? []
  const nearest = typeof value === 'string' ? nearestName(value, words) : undefined
  const fault = textFault(schema, value)
  return [
    `must be ${allowedValues(schema)}`,
    nearest === undefined ? '' : ` (nearest: ${nearest})`,
    fault === null ? '' : `; ${fault}`
  ].join('')
}

/** Why a text is not allowed, if its schema says how to find that out; null: no fault. */
export const textFault = ({ faultOf }: SchemaNode, value: unknown): string | null =>
  faultOf === undefined || typeof value !== 'string' ? null : faultOf(value)

/**
 * The allowed values, for a sentence with "must be". The `title` of a schema describes a pattern.
 * Pure.
 */
export function allowedValues(schema: SchemaNode): string {
  if (schema.title !== undefined) return schema.title
  if (schema.enum !== undefined) return oneOf(schema.enum.map(String))
  if (schema.anyOf !== undefined) return schema.anyOf.map(allowedValues).join(', or ')
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema.minimum, schema.maximum)}`
    case 'number':
      return `a number${range(schema.minimum, schema.maximum)}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return `a list${range(schema.minItems, schema.maxItems, ' entries')}${membersOf(schema)}`
    case 'object':
      return 'a map of names and values'
    default:
      return textOf(schema)
  }
}

const membersOf = ({ items }: SchemaNode): string =>
  items?.enum === undefined ? '' : `, each of them ${oneOf(items.enum.map(String))}`

const oneOf = (words: readonly string[]): string =>
  words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`

function textOf({ minLength = 0, maxLength }: SchemaNode): string {
  if (maxLength !== undefined && minLength > 1)
    return `a string${range(minLength, maxLength, ' characters')}`
  if (maxLength !== undefined) return `a string of at most ${maxLength} characters`
  if (minLength > 1) return `a string of at least ${minLength} characters`
  return minLength === 1 ? 'a string that is not empty' : 'a string'
}

function range(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}${unit}`
  if (most !== undefined) return ` of at most ${most}${unit}`
  return least === undefined ? '' : ` of ${least} or more${unit}`
}
