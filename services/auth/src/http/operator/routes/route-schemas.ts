import { Type } from 'typebox'

const text = (description: string, example: string) =>
  Type.Array(Type.String({ examples: [example] }), { description })

const version = Type.String({
  description: 'The same for the same route table.',
  examples: ['Zm9vYmFyYmF6cXV4']
})
const gateways = text('The names of the gateways that have this table.', 'edge-1:3000')

const Route = Type.Object(
  {
    name: Type.String({ description: 'Its name.', examples: ['orders'] }),
    prefixes: text('The longest prefix of a path wins.', '/orders'),
    requires: text(
      'What it requires: for all methods first, then by method.',
      'an access token with the scope orders:read'
    ),
    upstream: Type.String({ description: 'The name of its service.', examples: ['orders'] }),
    addresses: text('The addresses of the service.', 'http://orders:3002')
  },
  { title: 'ListedRoute' }
)

const unasked = text('Gateways of earlier versions, which cannot be asked.', 'edge-1:3000')

export const RouteTables = Type.Object(
  {
    tables: Type.Array(
      Type.Object(
        {
          version,
          gateways,
          routes: Type.Union([Type.Array(Route), Type.Null()], {
            description: 'The first 500 routes; null: the gateway did not answer.'
          }),
          total: Type.Union([Type.Integer({ examples: [14] }), Type.Null()], {
            description: 'How many routes the table has; null: the gateway did not answer.'
          })
        },
        { title: 'GatewayRoutes' }
      ),
      { description: 'The route tables that live gateways have: one, except during a change.' }
    ),
    unasked
  },
  { title: 'RouteTables' }
)

const Explanation = Type.Object(
  {
    route: Type.String({ description: 'The route that decides.', examples: ['orders'] }),
    why: Type.String({
      description: 'Why this one.',
      examples: ['/orders is the longest prefix of /orders/7 in the table']
    }),
    needs: Type.String({
      description: 'What it requires of the caller.',
      examples: ['an access token with the scope orders:read']
    }),
    goes: text('The request to the service, by address.', 'GET http://orders:3002/orders/7'),
    headers: text('Which headers the service gets.', 'x-auth-subject of the caller'),
    answer: text('What the client gets of the response.', 'headers of at most 65536 bytes'),
    limits: text('The limits of the request and the response.', 'a body of 1048576 bytes'),
    verified: text('What a proxy gets that asks about the request.', '200 with x-auth-subject')
  },
  { title: 'RouteExplanation' }
)

const Refusal = Type.Object(
  {
    status: Type.Integer({ description: 'The status.', examples: [404] }),
    code: Type.String({ description: 'The code of the error.', examples: ['NOT_FOUND'] }),
    why: Type.String({
      description: 'Why the gateways refuse the request.',
      examples: ['no route has a prefix of this path']
    })
  },
  { title: 'RouteRefusal' }
)

export const ExplainedRequest = Type.Object(
  {
    answers: Type.Array(
      Type.Object(
        {
          version,
          gateways,
          explanation: Type.Union([Explanation, Type.Null()], {
            description: 'What the gateways do with the request; null: they refuse it.'
          }),
          refusal: Type.Union([Refusal, Type.Null()], {
            description:
              'Why they refuse it, whoever sends it; null: they do not refuse it. If explanation is null too, there was no answer.'
          })
        },
        { title: 'GatewayExplanation' }
      ),
      { description: 'One for each route table that live gateways have.' }
    ),
    unasked
  },
  { title: 'ExplainedRequest' }
)

export const RequestToExplain = Type.Object(
  {
    method: Type.String({
      pattern: '^[A-Z]{1,32}$',
      description: 'The method.',
      examples: ['GET']
    }),
    path: Type.String({
      minLength: 1,
      maxLength: 8192,
      pattern: '^/',
      description: 'The path, with its query if there is one.',
      examples: ['/orders/7']
    })
  },
  { additionalProperties: false, title: 'RequestToExplain' }
)
