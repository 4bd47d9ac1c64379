type Schema = { [member: string]: unknown; required?: string[] }

/**
 * The JSON Schema of a file as people write it, for editors: members with a default are optional.
 */
export function editorSchema(title: string, schema: object): string {
  const $schema = 'https://json-schema.org/draft/2020-12/schema'
  return `${JSON.stringify({ $schema, title, ...withoutDefaulted(schema) }, null, 2)}\n`
}

function withoutDefaulted(schema: object): Schema {
  const copy: Schema = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, inside(value)])
  )
  const { properties = {} } = schema as { properties?: Record<string, object> }
  const required = copy.required?.filter((name) => !('default' in (properties[name] ?? {})))
  return required === undefined ? copy : { ...copy, required }
}

function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside)
  return typeof value === 'object' && value !== null ? withoutDefaulted(value) : value
}
