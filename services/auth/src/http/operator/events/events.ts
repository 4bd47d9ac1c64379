import type { Readable } from 'node:stream'
import { isUnavailable } from '@gatehouse/problem/refusal'
import { Type } from 'typebox'
import { faultOfJob } from '../../../background/background-work.ts'
import { type EventFeed, eventFeed } from '../../../live-events/event-feed.ts'
import { type ActingOperator, BOOTSTRAP } from '../../../operators/operator.ts'
import { badEventId } from '../../http-refusals.ts'
import { operatorOf } from '../access/require-operator.ts'
import type { OpsApiOptions, OpsRoutes } from '../ops-routes.ts'
import { eventStream } from './event-stream.ts'
import { streamPlaces } from './stream-places.ts'

const POLL_MS = 1000

const schema = {
  operationId: 'followEvents',
  summary: 'Follow live events',
  description:
    'Sends server-sent events until the token ends: audit (an event of the audit log), keys and gateways (the whole list, at the beginning and after each change), and gap (the numbers of audit events that are not sent). The id of each is the number of the last audit event so far. With Last-Event-ID, it continues after that audit event.',
  tags: ['Audit log'],
  successes: { 200: { description: 'The events.', mediaType: 'text/event-stream' } },
  problems: { UNAVAILABLE: 'Too many such requests are open, or too many of this operator.' },
  headers: Type.Object({
    'last-event-id': Type.Optional(
      Type.String({
        maxLength: 32,
        description: 'The id of the last event that the client has.',
        examples: ['4711']
      })
    )
  }),
  response: {
    200: Type.Unsafe<Readable>({
      type: 'string',
      description: 'Server-sent events (HTML, section 9.2).',
      examples: ['id: 4711\nevent: audit\ndata: {"seq":4711,"kind":"login"}\n\n']
    })
  }
}

/** Live events, for the console. */
export const eventRoutes: OpsRoutes = (service, options) => {
  const { auditChain: audit, keys, fleet, followsEvents: isFollowed } = options
  const feed = eventFeed({
    audit,
    keys,
    fleet,
    onFault: (error) => service.log.warn(faultOfJob(error), 'live events cannot be read')
  })
  const polling = keepPolling(feed)
  const places = streamPlaces()
  service.addHook('preClose', async () => {
    polling.stop()
    feed.close()
  })
  // A response to HEAD would read the stream forever.
  service.get('/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const after = readEventId(request.headers['last-event-id'])
    const operator = operatorOf(request)
    const isAllowed = () => isStillAllowed(operator, options)
    const make = () => eventStream({ feed, after, isAllowed, isFollowed })
    const stream = await places.open(operator.name, make)
    polling.start()
    return reply.type('text/event-stream').send(stream)
  })
}

/** @throws Refusal INVALID_REQUEST */
function readEventId(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  if (!/^\d{1,15}$/.test(text)) throw badEventId()
  return Number(text)
}

/**
 * Whether the token or session of a stream is still valid. While the database does not answer, it
 * is: no one can revoke it there either, and its own expiry is checked without the database.
 * @throws an error that is no outage
 */
async function isStillAllowed(
  { name, expiresAt, session, tokenDigest }: ActingOperator,
  { operators, clock }: Pick<OpsApiOptions, 'operators' | 'clock'>
): Promise<boolean> {
  if (expiresAt !== null && expiresAt * 1000 <= clock()) return false
  const { named, sessions } = operators
  try {
    const token = session === null ? tokenDigest : await sessions.liveToken(session)
    return token !== null && (name === BOOTSTRAP || (await named.isLive(token)))
  } catch (error) {
    if (isUnavailable(error)) return true
    throw error
  }
}

/** Lets the feed read the stores once per second, as long as there are readers. */
function keepPolling(feed: EventFeed) {
  let timer: NodeJS.Timeout | undefined
  return {
    start() {
      timer ??= setInterval(() => {
        if (feed.count() > 0) void feed.poll()
        else this.stop()
      }, POLL_MS)
    },
    stop() {
      clearInterval(timer)
      timer = undefined
    }
  }
}
