/** Numbers as in the enum of OTLP (opentelemetry/proto/trace/v1/trace.proto). */
export const spanKind = { internal: 1, server: 2, client: 3 } as const

/**
 * Names are those of OpenTelemetry's semantic conventions. A value is never a token, a cookie, a
 * query, a body, or a parameter of a statement.
 */
export type Attributes = Readonly<Record<string, string | number | undefined>>

/** Something that was done, and has ended. */
export type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  readonly kind: keyof typeof spanKind
  /** in milliseconds of `performance.now()` */
  readonly startedMs: number
  readonly endedMs: number
  readonly failed: boolean
  readonly attributes: Attributes
}
