import type { ExportOptions } from './export-spans.ts'
import type { Tracing } from './tracing.ts'

export type TracingSettings = { readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined }

/** Null if no collector is set: then the tracing code is not loaded. */
export async function openTracing(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: TracingSettings,
  report: Pick<ExportOptions, 'service' | 'log'>
): Promise<Tracing | null> {
  if (endpoint === undefined) return null
  const { tracing } = await import('./tracing.ts')
  return tracing({ ...report, endpoint })
}
