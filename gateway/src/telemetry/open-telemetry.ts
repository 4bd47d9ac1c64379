import { openTracing, type TracingSettings } from '@gatehouse/tracing/open-tracing'
import type { Ports } from '../ports.ts'
import { accessLog, type Samples } from './access-log.ts'
import { logOutput } from './log-output.ts'
import type { RequestTally } from './request-tally.ts'
import { type RequestTelemetry, requestTelemetry } from './request-telemetry.ts'
import type { Served } from './served.ts'

type TelemetrySettings = TracingSettings & {
  /** which share of the requests is logged; null: there is no access log */
  readonly accessLogSamples: Samples | null
}

type TelemetryPorts = Pick<Ports, 'log' | 'metrics' | 'closing'> & {
  /** for operators */
  readonly tally: RequestTally
}

/** Opens what records each request: the metrics, the access log and the traces. */
export async function openTelemetry(
  config: TelemetrySettings,
  ports: TelemetryPorts
): Promise<RequestTelemetry> {
  const { log, metrics, closing, tally } = ports
  const logRequest = openAccessLog(config, ports)
  const tracing = await openTracing(config, { service: 'gateway', log })
  closing.defer(() => tracing?.close())
  return requestTelemetry({ metrics, logRequest, tracing, tally })
}

/** Null: there is no access log. */
function openAccessLog(
  { accessLogSamples: samples }: TelemetrySettings,
  { metrics, closing }: Pick<TelemetryPorts, 'metrics' | 'closing'>
): ((served: Served) => void) | null {
  if (samples === null) return null
  const output = logOutput(metrics)
  closing.defer(output.close)
  return accessLog({ destination: output.stream, samples })
}
