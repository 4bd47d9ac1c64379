import { findings } from '@gatehouse/process/findings'
import { release } from '@gatehouse/process/release'
import { countEvents } from '../../../audit/count-events.ts'
import { isPostgres } from '../../../database/postgres/is-postgres.ts'
import type { DeliveryKind } from '../../../outbox/delivery.ts'
import { countDeliveries, oldestPending } from '../../../outbox/delivery-counts.ts'
import { dated } from '../delivery-progress.ts'
import type { OpsApiOptions, OpsRoutes } from '../ops-routes.ts'
import { StatusSchema } from './status-schema.ts'

const INTERVAL_MS = 5 * 60_000
/** An hour. */
const INTERVALS = 12
const MOST_COUNTED = 1000
const kinds: readonly DeliveryKind[] = ['mail', 'webhook']

type StatusPorts = Pick<OpsApiOptions, 'auditChain' | 'clock' | 'database' | 'installation'>

const schema = {
  operationId: 'showStatus',
  summary: 'Show the state of the installation',
  description:
    'Shows the state of the process that answers, of its stores, and what all processes have written.',
  tags: ['Operation'],
  successes: { 200: { description: 'The state.' } },
  response: { 200: StatusSchema }
}

/** What an operator looks at first. */
export const statusRoutes: OpsRoutes = (service, options) => {
  const processNow = processOf(options)
  service.get('/status', { schema }, async () => ({
    process: processNow(),
    readiness: await findings(options.installation.checks),
    keyRotationDays: options.installation.keyRotationDays,
    auditLog: await auditLogOf(options),
    events: await eventsOf(options),
    queues: await Promise.all(kinds.map((kind) => queueOf(kind, options)))
  }))
}

function processOf({ database, installation, clock }: StatusPorts) {
  const version = release()
  const { sessionStore } = installation
  const { node: nodejs } = process.versions
  const kind = isPostgres(database.tables) ? ('postgresql' as const) : ('sqlite' as const)
  return () => ({
    version,
    nodejs,
    startedAt: new Date(clock() - process.uptime() * 1000).toISOString(),
    memoryBytes: process.memoryUsage.rss(),
    database: kind,
    sessionStore
  })
}

async function auditLogOf({ auditChain }: StatusPorts) {
  const { last, unchainedSinceMs, head } = await auditChain.progress()
  if (head === null) return { last, unchainedSince: dated(unchainedSinceMs), head }
  const { number, seq, at, intact } = head
  return { last, unchainedSince: dated(unchainedSinceMs), head: { number, seq, at, intact } }
}

async function eventsOf({ database, clock }: StatusPorts) {
  const sinceMs = clock() - INTERVALS * INTERVAL_MS
  const { isComplete, kinds } = await countEvents(database.tables, {
    sinceMs,
    intervalMs: INTERVAL_MS,
    count: INTERVALS
  })
  return {
    since: new Date(sinceMs).toISOString(),
    intervalSeconds: INTERVAL_MS / 1000,
    isComplete,
    kinds: kinds.map(({ kind, counts }) => ({ kind, counts: [...counts] }))
  }
}

async function queueOf(kind: DeliveryKind, { database: { tables } }: StatusPorts) {
  return {
    kind,
    pending: await countDeliveries(tables, kind, 'pending', MOST_COUNTED),
    dead: await countDeliveries(tables, kind, 'dead', MOST_COUNTED),
    pendingSince: dated(await oldestPending(tables, kind))
  }
}
