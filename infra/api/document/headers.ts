import type { Json } from './components.ts'

const header = (description: string, schema: Json, required = false): Json => ({
  description,
  ...(required ? { required } : {}),
  schema
})
const text = (example: string): Json => ({ type: 'string', examples: [example] })

/** Headers of many responses, by their names. */
export const sharedHeaders = {
  'x-request-id': header(
    'The id of the request, which is also in the logs and in problem documents.',
    text('d7908685-2b28-47ad-92b4-7e2dee337653'),
    true
  ),
  'cache-control': header('No response is stored by a cache.', { const: 'no-store' }, true),
  'x-content-type-options': header('Always nosniff.', { const: 'nosniff' }, true),
  'retry-after': header(
    'How many seconds to wait before the request is repeated.',
    { type: 'string', pattern: '^\\d+$', examples: ['1'] },
    true
  ),
  'www-authenticate': header(
    'The challenge (RFC 6750 §3). error is absent if the request had no credential.',
    text('Bearer realm="gatehouse", error="invalid_token"'),
    true
  ),
  'access-control-allow-origin': header(
    'The origin of the page, if it is one of ALLOWED_ORIGINS or of the route.',
    text('https://app.example.com')
  ),
  'access-control-allow-credentials': header(
    'For the same pages: they may send and get cookies.',
    text('true')
  ),
  'access-control-expose-headers': header(
    'For the same pages: the headers that they may read.',
    text('etag, retry-after, x-request-id')
  ),
  vary: header('The response depends on these headers of the request.', text('origin')),
  'strict-transport-security': header(
    'Over TLS: for how long browsers use only TLS (RFC 6797).',
    text('max-age=31536000')
  )
} as const satisfies Readonly<Record<string, Json>>

export type SharedHeader = keyof typeof sharedHeaders

/** The name of a header as the name of a component: x-request-id is XRequestId. */
const componentOf = (name: string): string =>
  name.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase())

export const headerRefs = (names: readonly SharedHeader[]): Json =>
  Object.fromEntries(
    names.map((name) => [name, { $ref: `#/components/headers/${componentOf(name)}` }])
  )

/** The headers as components; only those that are used. */
export const headerComponents = (used: readonly SharedHeader[]): Json =>
  Object.fromEntries(used.map((name) => [componentOf(name), sharedHeaders[name]]))
