import { openTracing, type TracingSettings } from '@gatehouse/tracing/open-tracing'
import { traceRedis } from '@gatehouse/tracing/trace-redis'
import type { Tracing } from '@gatehouse/tracing/tracing'
import type { Ports } from './ports.ts'

/** The traces of this process, including its commands to Redis; null: no traces are exported. */
export async function openTraces(
  settings: TracingSettings,
  { log, closing }: Pick<Ports, 'log' | 'closing'>
): Promise<Tracing | null> {
  const tracing = await openTracing(settings, { service: 'auth', log })
  if (tracing === null) return null
  closing.defer(() => tracing.close())
  closing.defer(traceRedis(tracing))
  return tracing
}
