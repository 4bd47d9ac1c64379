import type { Announcement, LiveGateway } from '@gatehouse/fleet/fleet'
import { Type } from 'typebox'
import { instant } from '../../fields.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { liveGateways } from './live-gateways.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description, examples: [4711] })

const Vitals = Type.Object(
  {
    version: Type.String({ description: 'The release of Gatehouse.', examples: ['0.1.0'] }),
    startedAt: instant('When it started.'),
    memoryBytes: count('Its resident memory.'),
    requests: count('How many requests have ended since its start.'),
    refusals: count('How many of them it refused itself, with a status below 500.'),
    serverErrors: count('How many of them had a status of 500 or more.'),
    p99Seconds: Type.Union([Type.Number({ examples: [0.025] }), Type.Null()], {
      description: '99 % of the requests of the last seconds took at most this long; null: none.'
    }),
    routesVersion: Type.String({
      description: 'The same for the same route table.',
      examples: ['Zm9vYmFyYmF6cXV4']
    })
  },
  { title: 'GatewayVitals' }
)

const Gateway = Type.Object(
  {
    id: Type.String({
      description: 'Created at its start: a gateway that restarts has a new id.',
      examples: ['3f6c0b9e-7c0f-4f0a-9a55-0d9f1f6f7a10']
    }),
    name: Type.String({
      description:
        'For people: its GATEWAY_NAME, or the name of its host and its port. With several workers, the process id follows.',
      examples: ['edge-1:3000']
    }),
    keySetVersion: Type.String({
      description: 'The version of the key set that it has; empty if it has none.',
      examples: ['Zm9vYmFyYmF6cXV4']
    }),
    kids: Type.Array(Type.String({ examples: ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'] }), {
      description: 'The ids of the keys with which it verifies tokens.'
    }),
    revocationCursor: Type.String({
      description: 'How far it has read the revocation log; empty before the first read.',
      examples: ['1795428000000-0']
    }),
    revocationLagSeconds: Type.Number({
      description: 'Seconds since the last heartbeat that it has read from the revocation log.',
      examples: [0.4]
    }),
    silentSeconds: Type.Number({
      minimum: 0,
      description:
        'Seconds since its last announcement. Gateways announce themselves every two seconds, so one that is silent for longer is slow, paused, killed or cut off. After ten seconds, it is no longer listed.',
      examples: [1.2]
    }),
    instance: Type.String({
      description: 'The same for all workers of one gateway.',
      examples: ['3f6c0b9e-7c0f-4f0a-9a55-0d9f1f6f7a10']
    }),
    drained: Type.Union([Type.Boolean({ examples: [false] }), Type.Null()], {
      description:
        'Whether an operator has taken it out of service; null: it is an earlier version, which cannot be drained.'
    }),
    failing: Type.Union(
      [Type.Array(Type.String({ examples: ['no trusted key set is loaded'] })), Type.Null()],
      {
        description:
          'Why its /readyz is 503, so that load balancers send it no new clients; empty: it is 200. null: it is an earlier version.'
      }
    ),
    routeFaults: Type.Union(
      [
        Type.Array(
          Type.String({ examples: ['routes.yaml:12:5: routes.0.prefix must begin with /'] })
        ),
        Type.Null()
      ],
      {
        description:
          'What is wrong with its route file, so that it keeps the previous table; empty: nothing. null: it is an earlier version.'
      }
    ),
    vitals: Type.Union([Vitals, Type.Null()], {
      description: 'What it did since its start; null: it is an earlier version.'
    })
  },
  { title: 'Gateway', description: 'A live gateway.' }
)

/** What operators see of a gateway. */
export const toGateway = (gateway: LiveGateway) => ({
  id: gateway.id,
  name: gateway.name,
  keySetVersion: gateway.keySetVersion,
  kids: gateway.kids,
  revocationCursor: gateway.revocationCursor,
  revocationLagSeconds: gateway.revocationLagSeconds,
  silentSeconds: Math.round(gateway.silentMs / 100) / 10,
  instance: gateway.vitals?.instance ?? gateway.id,
  drained: gateway.vitals?.drained ?? null,
  failing: gateway.vitals?.failing ?? null,
  routeFaults: gateway.vitals?.routeFaults ?? null,
  vitals: gateway.vitals === undefined ? null : toVitals(gateway.vitals)
})

const toVitals = (vitals: NonNullable<Announcement['vitals']>) => ({
  version: vitals.version,
  startedAt: startOf(vitals.startedAtMs),
  memoryBytes: vitals.memoryBytes,
  requests: vitals.requests,
  refusals: vitals.refusals,
  serverErrors: vitals.serverErrors,
  p99Seconds: vitals.p99Seconds,
  routesVersion: vitals.routesVersion
})

/** Whoever writes to the store can write a number that is no time. */
function startOf(ms: number): string {
  const date = new Date(ms)
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString()
}

/** The live gateways, and what each of them has. */
export const gatewayRoutes: OpsRoutes = (service, { fleet }) => {
  service.get(
    '/gateways',
    {
      schema: {
        operationId: 'listGateways',
        summary: 'List the gateways',
        description: 'Lists the live gateways, and what each of them has.',
        tags: ['Operation'],
        successes: { 200: { description: 'The live gateways.' } },
        problems: { UNAVAILABLE: 'The list cannot be read.' },
        response: {
          200: Type.Object(
            { gateways: Type.Array(Gateway, { description: 'By name.' }) },
            { title: 'Gateways' }
          )
        }
      }
    },
    async () => ({ gateways: (await liveGateways({ fleet })).map(toGateway) })
  )
}
