import { Type } from 'typebox'
import { linkFromSession } from '../../../operators/operator-refusals.ts'
import { instant, iso } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { linkPath } from './console-path.ts'

const DEFAULT_LIFETIME_SECONDS = 300
const LONGEST_LIFETIME_SECONDS = 3600

const exampleCode = 'vP0c3tqk1mFq6bq0yqkQW2pS8m1uB9mVtWl2i5jX3lA'

const Body = Type.Object(
  {
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 10,
        maximum: LONGEST_LIFETIME_SECONDS,
        default: DEFAULT_LIFETIME_SECONDS,
        description: 'Seconds for which the link works. Default: 5 minutes.',
        examples: [DEFAULT_LIFETIME_SECONDS]
      })
    )
  },
  { additionalProperties: false, title: 'NewConsoleLink' }
)

const schema = {
  operationId: 'createConsoleLink',
  summary: 'Create a sign-in link for the console',
  description: `Creates a code that signs the operator in to the console, once: ${linkPath('CODE')} on this listener.`,
  tags: ['Operators'],
  successes: { 201: { description: 'The code, which is not shown again.' } },
  problems: {
    FORBIDDEN: 'The request comes from the console, which could extend its own session.'
  },
  body: Body,
  response: {
    201: Type.Object(
      {
        code: Type.String({
          description: 'The secret part of the link.',
          examples: [exampleCode]
        }),
        path: Type.String({
          description: 'The link, as a path of this listener.',
          examples: [linkPath(exampleCode)]
        }),
        expiresAt: instant('When the link stops working.')
      },
      { title: 'ConsoleLink' }
    )
  }
}

/** Links that open a session in the console, for the command line. */
export const consoleLinkRoutes: OpsRoutes = (service, { audit, operators }) => {
  service.post('/console/links', { schema }, async (request, reply) => {
    const { name, tokenDigest } = operatorOf(request)
    if (tokenDigest === null) throw linkFromSession()
    const { expiresInSeconds: seconds = DEFAULT_LIFETIME_SECONDS } = request.body
    const source = operatorSource(request)
    await audit.write({ kind: 'console-link-created', subject: name, sid: null, source })
    const { code, expiresAt } = await operators.sessions.makeLink(tokenDigest, seconds)
    return reply.code(201).send({ code, path: linkPath(code), expiresAt: iso(expiresAt) })
  })
}
