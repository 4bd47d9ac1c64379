import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { openTracing, type TracingSettings } from '@gatehouse/tracing/open-tracing'
import type { Tracing } from '@gatehouse/tracing/tracing'
import type { Registry } from 'prom-client'
import { accessLog, type Samples } from './access-log.ts'
import { logOutput } from './log-output.ts'
import type { Served } from './served.ts'

/** What leaves the gateway about each request. */
export type Telemetry = {
  readonly metrics: Registry
  /** is called with each request that has ended; null: there is no access log */
  readonly logRequest: ((served: Served) => void) | null
  /** records the spans of requests; null: no traces are exported */
  readonly tracing: Tracing | null
}

type TelemetrySettings = TracingSettings & {
  /** null: there is no access log */
  readonly accessLogSamples: Samples | null
}

export async function openTelemetry(
  settings: TelemetrySettings,
  { log, metrics }: { log: ServiceLog; metrics: Registry }
): Promise<Telemetry & { close(): Promise<void> }> {
  const tracing = await openTracing(settings, { service: 'gateway', log })
  const { accessLogSamples: samples } = settings
  const output = samples === null ? null : logOutput(metrics)
  return {
    metrics,
    tracing,
    logRequest:
      output === null || samples === null
        ? null
        : accessLog({ destination: output.stream, samples }),
    async close() {
      await tracing?.close()
      output?.close()
    }
  }
}
