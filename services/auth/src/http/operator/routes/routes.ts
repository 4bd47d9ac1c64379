import { RequestAnswer, TableAnswer } from '@gatehouse/fleet/route-answers'
import { operatorOf } from '../access/require-operator.ts'
import { askGateways, decodeAnswer } from '../gateways/ask-gateways.ts'
import { drainRoutes } from '../gateways/drain-gateway.ts'
import { type AskingRoutes, questionPlaces } from '../gateways/question-places.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { ExplainedRequest, RequestToExplain, RouteTables } from './route-schemas.ts'
import { tableRoutes } from './table-changes.ts'

const tags = ['Operation']
const problems = {
  UNAVAILABLE:
    'The gateways cannot be asked: their store is unreachable, or too many questions are open.'
}

const listRoutes: AskingRoutes = (service, { fleet }, askFor) => {
  service.get(
    '/routes',
    {
      schema: {
        operationId: 'listRoutes',
        summary: 'List the routes of the gateways',
        description:
          'Asks a live gateway for its route table; during a change, one for each table.',
        tags,
        successes: { 200: { description: 'The route tables that live gateways have.' } },
        problems,
        response: { 200: RouteTables }
      }
    },
    async (request) => {
      const { tables, unasked } = await askFor(operatorOf(request).name, () =>
        askGateways({
          fleet,
          request: null,
          decode: (text) => decodeAnswer(text, TableAnswer)
        })
      )
      return {
        tables: tables.map(({ version, gateways, answer }) => ({
          version,
          gateways: [...gateways],
          routes: answer?.routes ?? null,
          total: answer?.total ?? null
        })),
        unasked: [...unasked]
      }
    }
  )
}

const explainRequest: AskingRoutes = (service, { fleet }, askFor) => {
  service.post(
    '/routes/explain',
    {
      schema: {
        operationId: 'explainRequest',
        summary: 'Explain what the gateways do with a request',
        description:
          'Asks a live gateway which route decides about a request, and why; during a change, one for each table. Nothing is sent to a service.',
        tags,
        successes: { 200: { description: 'The explanations.' } },
        problems,
        body: RequestToExplain,
        response: { 200: ExplainedRequest }
      }
    },
    async (asked) => {
      const { method, path } = asked.body
      const request = { method, path }
      const { tables, unasked } = await askFor(operatorOf(asked).name, () =>
        askGateways({ fleet, request, decode: (text) => decodeAnswer(text, RequestAnswer) })
      )
      return {
        answers: tables.map(({ version, gateways, answer }) => ({
          version,
          gateways: [...gateways],
          explanation: answer?.explanation ?? null,
          refusal: answer?.refusal ?? null
        })),
        unasked: [...unasked]
      }
    }
  )
}

/**
 * What operators ask gateways, and tell them to do: their route tables, what they do with a
 * request, and the drain.
 */
export const routeRoutes: OpsRoutes = (service, options) => {
  const askFor = questionPlaces()
  for (const route of [listRoutes, explainRequest, ...tableRoutes, ...drainRoutes]) {
    route(service, options, askFor)
  }
}
