import { randomUUID } from 'node:crypto'
import {
  type Announcement,
  type LiveGateway,
  SILENT_MS,
  takesClients
} from '@gatehouse/fleet/fleet'
import { MOST_ASKED } from '@gatehouse/fleet/questions'
import { Type } from 'typebox'
import type { AuditEvent, RequestSource } from '../../../audit/audit-event.ts'
import { fleetUnavailable } from '../../../refusals.ts'
import {
  ambiguousGateway,
  gatewaySilent,
  lastGateway,
  noSuchGateway,
  takesNoOrders
} from '../../http-refusals.ts'
import { operatorSource } from '../access/operator-source.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsApiOptions } from '../ops-routes.ts'
import { answersTo } from './ask-gateways.ts'
import { liveGateways } from './live-gateways.ts'
import type { AskingRoutes } from './question-places.ts'
import { takesOrders, tellGateways } from './tell-gateways.ts'

const Params = Type.Object({
  gateway: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'The id or the name of the gateway.',
    examples: ['edge-1:3000']
  })
})

const Body = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({
        examples: [false],
        description:
          'Drains it even if no other gateway is left that serves clients. Default: false.'
      })
    )
  },
  { additionalProperties: false, nullable: true, title: 'GatewayDrain' }
)

const Drained = Type.Object(
  {
    gateways: Type.Array(Type.String({ examples: ['edge-1:3000'] }), {
      description: 'The name of the gateway; with several workers, the names of all of them.'
    }),
    drained: Type.Boolean({ examples: [true], description: 'Whether it is drained now.' })
  },
  { title: 'DrainedGateway' }
)

const problems = {
  NOT_FOUND: 'No live gateway has this id or name.',
  UNAVAILABLE: 'The gateway cannot be told, or does not answer.'
}
const EARLIER = 'The gateway is of an earlier version, which cannot be drained'
const AMBIGUOUS = 'several gateways have this name'

const drainGateway: AskingRoutes = (service, options, askFor) => {
  service.post(
    '/gateways/:gateway/drain',
    {
      schema: {
        operationId: 'drainGateway',
        summary: 'Drain a gateway',
        description:
          'Takes a gateway out of service: /readyz is 503, and each response tells the client to connect again. It still serves every request. Lasts until it is undrained, or restarts.',
        tags: ['Operation'],
        successes: { 200: { description: 'The gateway is drained.' } },
        problems: {
          ...problems,
          CONFLICT: `${EARLIER}, ${AMBIGUOUS}, or no other gateway would be left that serves clients.`
        },
        params: Params,
        body: Body,
        response: { 200: Drained }
      }
    },
    (request) =>
      askFor(operatorOf(request).name, async () => {
        const force = request.body?.force === true
        const { gateway, workers, others } = await found(options, request.params.gateway)
        if (!force && !(await isServedBy(options, others))) throw lastGateway()
        const { audit } = options
        const source = operatorSource(request)
        // First, so that no gateway is drained without an event.
        await audit.write(
          drainEvent('gateway-drained', gateway, source, { forced: force ? 'yes' : 'no' })
        )
        const answer = await order(options, workers, { kind: 'drain', force })
        if (!answer.done) {
          await audit.write(drainEvent('gateway-undrained', gateway, source))
          throw lastGateway()
        }
        return { gateways: workers.map(({ name }) => name), drained: true }
      })
  )
}

const undrainGateway: AskingRoutes = (service, options, askFor) => {
  service.post(
    '/gateways/:gateway/undrain',
    {
      schema: {
        operationId: 'undrainGateway',
        summary: 'Put a drained gateway back into service',
        description: 'Puts a gateway back into service.',
        tags: ['Operation'],
        successes: { 200: { description: 'The gateway is in service.' } },
        problems: { ...problems, CONFLICT: `${EARLIER}, or ${AMBIGUOUS}.` },
        params: Params,
        response: { 200: Drained }
      }
    },
    (request) =>
      askFor(operatorOf(request).name, async () => {
        const { gateway, workers } = await found(options, request.params.gateway)
        await options.audit.write(drainEvent('gateway-undrained', gateway, operatorSource(request)))
        await order(options, workers, { kind: 'undrain' })
        return { gateways: workers.map(({ name }) => name), drained: false }
      })
  )
}

const drainEvent = (
  kind: 'gateway-drained' | 'gateway-undrained',
  { id, name }: Announcement,
  source: RequestSource,
  detail: Readonly<Record<string, string>> = {}
): AuditEvent => ({ kind, subject: id, sid: null, source, detail: { gateway: name, ...detail } })

/**
 * A live gateway, all of its workers, and the other gateways.
 * @throws Refusal NOT_FOUND, CONFLICT, UNAVAILABLE
 */
async function found(options: Pick<OpsApiOptions, 'fleet'>, wanted: string) {
  const live = await liveGateways(options)
  const gateway = live.find(({ id }) => id === wanted) ?? namedGateway(live, wanted)
  if (!takesOrders(gateway)) throw takesNoOrders()
  const instance = gateway.vitals?.instance
  const workers = live.filter(({ vitals }) => vitals?.instance === instance)
  return { gateway, workers, others: live.filter((one) => !workers.includes(one)) }
}

/** What every gateway that knows questions can answer. */
const ANY = { method: 'GET', path: '/' }

/**
 * Whether one of these gateways serves clients: it announces that it is ready, and answers. One
 * that was just killed, or hangs, is still listed and does not answer.
 * @throws Refusal UNAVAILABLE
 */
async function isServedBy(
  { fleet }: Pick<OpsApiOptions, 'fleet'>,
  gateways: readonly Announcement[]
): Promise<boolean> {
  const to = gateways.filter(takesClients).map(({ id }) => id)
  if (to.length === 0) return false
  const question = { id: randomUUID(), to: to.slice(0, MOST_ASKED), request: ANY }
  const answers = await answersTo(fleet.questions, question, undefined, 1).catch((error) => {
    throw fleetUnavailable(error)
  })
  return answers.size > 0
}

/** Each worker tells the others. One that was killed is listed for a while, and does not answer. */
async function order(
  options: OpsApiOptions,
  workers: readonly Announcement[],
  what: { readonly kind: 'drain'; readonly force: boolean } | { readonly kind: 'undrain' }
) {
  const [answer] = (await tellGateways(options, workers, what, 1)).values()
  if (answer === undefined) throw gatewaySilent()
  return answer
}

/** Takes gateways out of service, and back. */
export const drainRoutes: readonly AskingRoutes[] = [drainGateway, undrainGateway]

/**
 * The gateway of this name. One that was killed is listed for a while beside its successor.
 * @throws Refusal NOT_FOUND, CONFLICT
 */
function namedGateway(live: readonly LiveGateway[], wanted: string): LiveGateway {
  const named = live
    .filter(({ name }) => name === wanted)
    .toSorted((one, other) => one.silentMs - other.silentMs)
  const [first] = named
  if (first === undefined) throw noSuchGateway()
  const heard = named.filter(({ silentMs }) => silentMs <= SILENT_MS)
  const instances = new Set(heard.map(({ id, vitals }) => vitals?.instance ?? id))
  if (instances.size > 1) throw ambiguousGateway(instances.size)
  return first
}
