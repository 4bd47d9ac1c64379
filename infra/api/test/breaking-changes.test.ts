import t from 'tap'
import { breakingChanges } from '../compatibility/breaking-changes.ts'
import { compatibilityFaults } from '../compatibility/compare-releases.ts'
import type { Json } from '../document/components.ts'

const request: Json = {
  type: 'object',
  required: ['email'],
  properties: {
    email: { type: 'string', maxLength: 100 },
    delivery: { enum: ['body', 'cookie'] },
    label: { type: ['string', 'null'] },
    tags: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }
  }
}
const session: Json = {
  type: 'object',
  required: ['id', 'kind'],
  properties: {
    id: { type: 'string' },
    kind: { const: 'session' },
    state: { enum: ['open', 'ended'] },
    count: { type: 'integer' }
  }
}

/** An API with one operation, in which parts are replaced. */
const api = (
  change: { operation?: Json; request?: Json; session?: Json; path?: string } = {}
): Json => ({
  paths: {
    [change.path ?? '/login']: {
      post: {
        operationId: 'login',
        security: [{}],
        parameters: [{ $ref: '#/components/parameters/Page' }],
        requestBody: { content: { 'application/json': { schema: change.request ?? request } } },
        responses: {
          200: {
            headers: { etag: { required: true, schema: { type: 'string' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Session' } } }
          },
          429: { description: 'too many' }
        },
        ...change.operation
      }
    }
  },
  components: {
    parameters: { Page: { in: 'query', name: 'page', schema: { type: 'integer' } } },
    schemas: { Session: change.session ?? session }
  }
})

const member = (schema: Json, name: string, value: unknown): Json => ({
  ...schema,
  properties: { ...(schema.properties as Json), [name]: value }
})
const without = (schema: Json, name: string): Json => {
  const { [name]: _removed, ...properties } = schema.properties as Json
  return { ...schema, properties }
}
const needs = (schema: Json, ...required: string[]): Json => ({ ...schema, required })

const breaking: Record<string, readonly [after: Json, change: RegExp]> = {
  'a removed operation': [api({ path: '/sign-in' }), /POST \/login is removed/],
  'another operationId': [api({ operation: { operationId: 'signIn' } }), /operationId was login/],
  'new authentication': [
    api({ operation: { security: [{ token: [] }] } }),
    /no authentication is no longer sufficient/
  ],
  'a removed parameter': [
    api({ operation: { parameters: [] } }),
    /query parameter page is removed/
  ],
  'a required parameter': [
    api({ operation: { parameters: [{ in: 'query', name: 'page', required: true }] } }),
    /query parameter page is now required/
  ],
  'a required body': [
    api({
      operation: {
        requestBody: { required: true, content: { 'application/json': { schema: request } } }
      }
    }),
    /a request body is now required/
  ],
  'a removed media type': [
    api({ operation: { requestBody: { content: { 'text/plain': {} } } } }),
    /request: application\/json is removed/
  ],
  'a removed member of a request': [
    api({ request: without(request, 'label') }),
    /request: the member label is removed/
  ],
  'a required member of a request': [
    api({ request: needs(request, 'email', 'label') }),
    /request: the member label is now required/
  ],
  'a new required member of a request': [
    api({ request: needs(member(request, 'code', { type: 'string' }), 'email', 'code') }),
    /request: the member code is now required/
  ],
  'a narrowed enum': [
    api({ request: member(request, 'delivery', { enum: ['body'] }) }),
    /request\.delivery: the value "cookie" is now refused/
  ],
  'a narrowed type': [
    api({ request: member(request, 'label', { type: 'string' }) }),
    /request\.label: the type was string or null and is string/
  ],
  'a narrowed limit': [
    api({ request: member(request, 'email', { type: 'string', maxLength: 50 }) }),
    /request\.email: maxLength now accepts fewer values/
  ],
  'a new smallest number': [
    api({
      operation: {
        parameters: [{ in: 'query', name: 'page', schema: { type: 'integer', minimum: 0 } }]
      }
    }),
    /query parameter page: minimum now accepts fewer values/
  ],
  'a new pattern': [
    api({ request: member(request, 'email', { type: 'string', maxLength: 100, pattern: '@' }) }),
    /request\.email: pattern now accepts fewer values/
  ],
  'a removed alternative of a request': [
    api({ request: member(request, 'tags', { type: 'array', items: { type: 'string' } }) }),
    /request\.tags\[\]: the alternative \{"type":"integer"\} is now refused/
  ],
  'refused unknown members': [
    api({ request: { ...request, additionalProperties: false } }),
    /request: unknown members are now refused/
  ],
  'a removed response': [
    api({ operation: { responses: { 201: {} } } }),
    /the response 200 is removed/
  ],
  'a removed header': [
    api({
      operation: { responses: { 200: { content: { 'application/json': { schema: session } } } } }
    }),
    /response 200: the header etag may now be absent/
  ],
  'a removed member of a response': [
    api({ session: without(session, 'count') }),
    /response 200: the member count is removed/
  ],
  'an optional member of a response': [
    api({ session: needs(session, 'kind') }),
    /response 200: the member id may now be absent/
  ],
  'a wider type of a response': [
    api({ session: member(session, 'count', { type: ['integer', 'null'] }) }),
    /response 200\.count: the type was integer and is integer or null/
  ],
  'another constant of a response': [
    api({ session: member(session, 'kind', { enum: ['session', 'device'] }) }),
    /response 200\.kind: the value is no longer always "session"/
  ]
}

for (const [title, [after, change]] of Object.entries(breaking)) {
  t.test(`the check of the API finds ${title}`, async (t) => {
    const [found = '', ...others] = breakingChanges(api(), after)
    t.match(found, change)
    t.strictSame(others, [], 'nothing else')
  })
}

t.test('the check of the API finds changes of webhooks that break their receivers', async (t) => {
  const webhook = (schema: Json): Json => ({
    paths: {},
    webhooks: {
      'user.disabled': { post: { requestBody: { content: { 'application/json': { schema } } } } }
    }
  })
  const changes = (after: Json) => breakingChanges(webhook(session), after)
  t.strictSame(changes(webhook(without(session, 'count'))), [
    'webhook user.disabled: the member count is removed'
  ])
  t.strictSame(changes(webhook(member(session, 'age', { type: 'integer' }))), [])
  t.strictSame(changes({ paths: {} }), ['webhook user.disabled is removed'])
})

t.test('additions to the API break no client', async (t) => {
  const paths = { ...(api().paths as Json), '/new': { get: { responses: {} } } }
  const additions = {
    operation: { ...api(), paths },
    'member of a request': api({ request: member(request, 'hint', { type: 'string' }) }),
    'value of a request': api({
      request: member(request, 'delivery', { enum: ['body', 'cookie', 'both'] })
    }),
    'limit of a request': api({ request: member(request, 'email', { type: 'string' }) }),
    'member of a response': api({ session: member(session, 'age', { type: 'integer' }) }),
    'value of a response': api({ session: member(session, 'state', { enum: ['open', 'new'] }) }),
    'required member of a response': api({ session: needs(session, 'id', 'kind', 'count') }),
    'other words for alternatives': api({
      request: member(request, 'tags', { type: 'array', items: { type: ['integer', 'string'] } })
    }),
    nothing: api()
  }
  for (const [title, after] of Object.entries(additions)) {
    t.strictSame(breakingChanges(api(), after), [], title)
  }
})

t.test('a breaking change of the API is accepted only if it is listed', async (t) => {
  t.strictSame(compatibilityFaults(['a', 'b'], ['b']), ['breaks clients of the last release: a'])
  t.match(compatibilityFaults([], ['b']), [/lists a change that was not made: b/])
  t.strictSame(compatibilityFaults(['b'], ['b']), [])
})
