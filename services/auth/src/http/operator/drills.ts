import { Type } from 'typebox'
import { operatorSource } from './access/operator-source.ts'
import type { OpsRoutes } from './ops-routes.ts'

const MOST = 1_000_000_000

const figure = (description: string, example: number) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MOST, description, examples: [example] }))
const gateways = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 10_000, description, examples: [2] })

const Drill = Type.Enum(['revoke', 'rotation', 'theft'], { description: 'Which drill it was.' })

const Body = Type.Object(
  {
    drill: Drill,
    passed: Type.Boolean({
      description: 'Whether the installation did what it must.',
      examples: [true]
    }),
    gateways: Type.Object(
      {
        asked: gateways('How many gateways the drill asked.'),
        live: gateways('How many were live.')
      },
      { additionalProperties: false, description: 'The extent of the drill.' }
    ),
    figures: Type.Object(
      {
        rounds: figure('How many logouts there were.', 20),
        clients: figure('How many clients sent requests.', 8),
        requests: figure('How many requests there were.', 4000),
        p50Ms: figure('Half of the gateways refused a revoked token within this time.', 3),
        p99Ms: figure('The same for 99 %.', 9),
        worstMs: figure('The slowest one took this long.', 12)
      },
      { additionalProperties: false, description: 'What the drill measured.' }
    ),
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'Why it failed.',
        examples: ['3 requests failed: 3 × UNAVAILABLE.']
      })
    )
  },
  { additionalProperties: false, title: 'DrillRun' }
)

const schema = {
  operationId: 'recordDrill',
  summary: 'Record a drill',
  description:
    'Writes the result of a drill of the command line into the audit log (drill-run), which is the history of drills.',
  tags: ['Audit log'],
  successes: { 201: { description: 'The result is in the audit log.' } },
  body: Body,
  response: { 201: Type.Object({ drill: Drill }, { title: 'RecordedDrill' }) }
}

/** The results of drills, which run where the gateways can be reached. */
export const drillRoutes: OpsRoutes = (service, { audit }) => {
  service.post('/drills', { schema }, async (request, reply) => {
    const { drill, passed, gateways, figures, reason } = request.body
    await audit.write({
      kind: 'drill-run',
      subject: null,
      sid: null,
      source: operatorSource(request),
      detail: {
        drill,
        outcome: passed ? 'passed' : 'failed',
        asked: gateways.asked,
        live: gateways.live,
        ...figures,
        ...(reason === undefined ? {} : { reason })
      }
    })
    return reply.code(201).send({ drill })
  })
}
