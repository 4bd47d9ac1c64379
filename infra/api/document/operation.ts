import type { DocumentedHeader } from '@gatehouse/http-service/operation'
import type { CollectedRoute } from '../collect-routes.ts'
import type { Components, Json } from './components.ts'
import { headerRefs, type SharedHeader } from './headers.ts'

/** What a listener adds to each of its routes. */
export type Surroundings = {
  readonly security: readonly Json[]
  /** the responses with errors, by status */
  readonly errors: Json
  /** headers of every response */
  readonly headers: readonly SharedHeader[]
}

/**
 * A route as an OpenAPI operation.
 * @throws Error if the route does not describe itself
 */
export function operationOf(
  { method, url, schema }: CollectedRoute,
  { security, errors, headers }: Surroundings,
  components: Components
): Json {
  const { operationId, summary, description, tags, successes } = schema
  if (!operationId || !summary || !description || !tags || !successes) {
    throw new Error(`${method} ${url} has no operationId, summary, description, tags or successes`)
  }
  const parameters = parametersOf(schema, components)
  const requestBody = requestBodyOf(schema, components)
  return {
    operationId,
    summary,
    description,
    tags,
    security: schema.security ?? security,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === null ? {} : { requestBody }),
    responses: {
      ...successResponses(schema, headers, components),
      ...errorsOf(errors, schema, components)
    }
  }
}

/**
 * The errors, with the route's own headers. A status that the route names among its successes is
 * not an error.
 */
function errorsOf(
  errors: Json,
  { successes = {}, errorHeaders = {} }: CollectedRoute['schema'],
  components: Components
): Json {
  const entries = Object.entries(errors as Readonly<Record<string, Json>>)
    .filter(([status]) => !(status in successes))
    .map(([status, { headers, ...error }]) => {
      const own = ownHeaders(errorHeaders[Number(status)] ?? {}, components)
      return [status, { ...error, headers: { ...(headers as Json), ...own } }]
    })
  return Object.fromEntries(entries)
}

type ObjectSchema = { readonly properties?: Json; readonly required?: readonly string[] }

function parametersOf(schema: CollectedRoute['schema'], components: Components): Json[] {
  const places = { path: schema.params, query: schema.querystring, header: schema.headers }
  return Object.entries(places).flatMap(([place, object]) => {
    const { properties = {}, required = [] } = (object ?? {}) as ObjectSchema
    return Object.entries(properties).map(([name, property]) =>
      parameterOf(name, place, required.includes(name), components.schemaOf(property))
    )
  })
}

/** Text that stands for another value, such as a number, is described as that value. */
function parameterOf(name: string, place: string, isRequired: boolean, schema: Json): Json {
  const { description, contentSchema, contentMediaType: _, ...text } = schema
  const value = contentSchema === undefined ? text : (contentSchema as Json)
  const fallback = schema.default
  const read = contentSchema === undefined ? fallback : JSON.parse(String(fallback ?? null))
  return {
    name,
    in: place,
    description,
    required: place === 'path' || (isRequired && fallback === undefined),
    schema: fallback === undefined ? value : { ...value, default: read }
  }
}

function requestBodyOf(
  { body, form }: CollectedRoute['schema'],
  components: Components
): Json | null {
  if (form !== undefined) {
    const schema = components.schemaOf(form)
    return { required: true, content: { 'application/x-www-form-urlencoded': { schema } } }
  }
  if (body === undefined) return null
  const isOptional = (body as { nullable?: boolean }).nullable === true
  const schema = components.schemaOf(body)
  return { required: !isOptional, content: { 'application/json': { schema } } }
}

function successResponses(
  { successes = {}, response = {} }: CollectedRoute['schema'],
  headers: readonly SharedHeader[],
  components: Components
): Json {
  const responses = Object.entries(successes).map(([status, success]) => {
    const schema = (response as Json)[status]
    const hasContent = schema !== undefined && (schema as Json).type !== 'null'
    const { description, mediaType = 'application/json', headers: own = {} } = success
    const shared = headers.filter((name) => !(name in own))
    const content = hasContent ? { [mediaType]: { schema: components.schemaOf(schema) } } : null
    return [
      status,
      {
        description,
        headers: { ...headerRefs(shared), ...ownHeaders(own, components) },
        ...(content === null ? {} : { content })
      }
    ]
  })
  return Object.fromEntries(responses)
}

const ownHeaders = (
  headers: Readonly<Record<string, DocumentedHeader>>,
  components: Components
): Json =>
  Object.fromEntries(
    Object.entries(headers).map(([name, { description, required, schema }]) => [
      name,
      { description, ...(required ? { required } : {}), schema: components.schemaOf(schema) }
    ])
  )
