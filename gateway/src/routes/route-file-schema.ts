import { RouteFile } from './route.ts'

/**
 * The JSON Schema of a route table as people write it, for editors: a member with a default may be left out.
 * gateway/routes.schema.json is this, and a test holds it to it.
 */
export function routeFileSchema(): string {
  const $schema = 'https://json-schema.org/draft/2020-12/schema'
  const schema = { $schema, title: 'Gatehouse route table', ...withoutDefaulted(RouteFile) }
  return `${JSON.stringify(schema, null, 2)}\n`
}

type Schema = { [member: string]: unknown; required?: string[] }

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
