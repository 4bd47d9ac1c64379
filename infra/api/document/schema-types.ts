import type { Json } from './components.ts'

/** A schema, in the forms that responses have. */
type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
}

const nameOf = (reference: string): string => reference.split('/').at(-1) ?? ''

/**
 * The types of TypeScript for the bodies of these responses, one line each: `export type Alive =
 * …`. Each schema of `#/components/schemas` that they use becomes a type of the same name. Pure.
 */
export function schemaTypes(bodies: readonly Json[], schemas: Json): string[] {
  const used = new Set<string>()
  const note = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      note(JSON.stringify(schemas[name]))
    }
  }
  note(JSON.stringify(bodies))
  return [...used].sort().map((name) => `export type ${name} = ${typeOf(schemas[name] as Schema)}`)
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ')
  return [schema.type ?? 'unknown']
    .flat()
    .map((type) => plainType(type, schema))
    .join(' | ')
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : String(value)

function plainType(type: string, schema: Schema): string {
  if (type === 'array') return arrayType(typeOf(schema.items ?? {}))
  if (type === 'object') return objectType(schema)
  return type === 'integer' ? 'number' : type
}

const arrayType = (items: string): string =>
  /^\w+$/.test(items) ? `readonly ${items}[]` : `readonly (${items})[]`

function objectType({ properties, patternProperties, required = [] }: Schema): string {
  if (properties === undefined) {
    const [values = {}] = Object.values(patternProperties ?? {})
    return `Readonly<Record<string, ${typeOf(values)}>>`
  }
  const members = Object.entries(properties).map(
    ([name, member]) => `readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(member)}`
  )
  return `{ ${members.join('; ')} }`
}
