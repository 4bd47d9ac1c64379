import { type CommandAnswer, LONGEST_TABLE, type Order } from '@gatehouse/fleet/commands'
import type { Announcement } from '@gatehouse/fleet/fleet'
import { Type } from 'typebox'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import { liveGateways } from '../gateways/live-gateways.ts'
import type { AskingRoutes } from '../gateways/question-places.ts'
import { takesOrders, tellGateways } from '../gateways/tell-gateways.ts'
import type { OpsApiOptions } from '../ops-routes.ts'

const Outcome = Type.Object(
  {
    gateways: Type.Array(Type.String({ examples: ['edge-1:3000'] }), {
      description: 'The names of the gateways.'
    }),
    done: Type.Union([Type.Boolean({ examples: [true] }), Type.Null()], {
      description: 'Whether the table has no fault; null: no answer in time.'
    }),
    faults: Type.Array(
      Type.String({ examples: ['routes.yaml:12:5: routes.0.prefix must begin with /'] }),
      { description: 'What is wrong with the table. It is then not used.' }
    ),
    warnings: Type.Array(
      Type.String({
        examples: [
          'GATEWAY_ROUTES: route auth requires roles for POST. This does not apply to the pages for users: /auth/pages/sign-in'
        ]
      }),
      { description: 'Rules of the table that the pages for users do not obey.' }
    ),
    routes: Type.Union([Type.Integer({ examples: [14] }), Type.Null()], {
      description: 'How many routes the table has; null: it was not read.'
    })
  },
  { title: 'TableOutcome' }
)

const Outcomes = Type.Object(
  {
    outcomes: Type.Array(Outcome, { description: 'By gateway, or by release of the gateways.' }),
    unasked: Type.Array(Type.String({ examples: ['edge-1:3000'] }), {
      description: 'Gateways of earlier versions, which cannot be told.'
    })
  },
  { title: 'TableOutcomes' }
)

const Table = Type.Object(
  {
    table: Type.String({
      minLength: 1,
      maxLength: LONGEST_TABLE,
      description: 'The route table, as YAML.',
      examples: ['upstreams:\n  orders: http://orders:3002\n']
    })
  },
  { additionalProperties: false, title: 'PastedTable' }
)

const tags = ['Operation']
const problems = { UNAVAILABLE: 'The gateways cannot be told, or too many questions are open.' }

const reloadRoutes: AskingRoutes = (service, options, askFor) => {
  service.post(
    '/routes/reload',
    {
      schema: {
        operationId: 'reloadRoutes',
        summary: 'Let the gateways read their route tables again',
        description:
          'Each live gateway reads its route table from its file at once. If the table has faults, the previous one stays in use. Gateways also do this by themselves within a few seconds after a change.',
        tags,
        successes: { 200: { description: 'What each gateway found.' } },
        problems,
        response: { 200: Outcomes }
      }
    },
    (request) =>
      askFor(operatorOf(request).name, async () => {
        const live = await liveGateways(options)
        const source = operatorSource(request)
        await options.audit.write({ kind: 'routes-reloaded', subject: null, sid: null, source })
        return await outcomesOf(options, live, live, { kind: 'reload' })
      })
  )
}

const validateRoutes: AskingRoutes = (service, options, askFor) => {
  service.post(
    '/routes/validate',
    {
      schema: {
        operationId: 'validateRoutes',
        summary: 'Validate a route table',
        description:
          'A live gateway of each release reads the table without using it. The table may use only environment variables that the current table of the gateway uses.',
        tags,
        successes: { 200: { description: 'What gateways found.' } },
        problems,
        body: Table,
        response: { 200: Outcomes }
      }
    },
    (request) =>
      askFor(operatorOf(request).name, async () => {
        const live = await liveGateways(options)
        const releases = new Map(
          live.filter(takesOrders).map((one) => [one.vitals?.version, one] as const)
        )
        const { table } = request.body
        return await outcomesOf(options, live, [...releases.values()], { kind: 'validate', table })
      })
  )
}

async function outcomesOf(
  options: OpsApiOptions,
  live: readonly Announcement[],
  asked: readonly Announcement[],
  order: Order
) {
  const gateways = asked.filter(takesOrders)
  const answers = await tellGateways(options, gateways, order)
  return {
    outcomes: grouped(gateways, answers),
    unasked: live.filter((one) => !takesOrders(one)).map(({ name }) => name)
  }
}

/** Gateways that answered the same are one entry. */
function grouped(gateways: readonly Announcement[], answers: ReadonlyMap<string, CommandAnswer>) {
  const outcomes = new Map<string, ReturnType<typeof outcomeOf>>()
  for (const { id, name } of gateways) {
    const outcome = outcomeOf(answers.get(id))
    const key = JSON.stringify(outcome)
    const known = outcomes.get(key) ?? outcome
    known.gateways.push(name)
    outcomes.set(key, known)
  }
  return [...outcomes.values()]
}

const outcomeOf = (answer: CommandAnswer | undefined) => ({
  gateways: [] as string[],
  done: answer?.done ?? null,
  faults: [...(answer?.faults ?? [])],
  warnings: [...(answer?.warnings ?? [])],
  routes: answer?.routes ?? null
})

/** Orders that concern the route tables of the gateways. */
export const tableRoutes: readonly AskingRoutes[] = [reloadRoutes, validateRoutes]
