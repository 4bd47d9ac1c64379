import { Type } from 'typebox'

const tags = ['Health']
/** Anyone who reaches the listener may ask. */
const security = [{}]

const byCheck = (description: string, example: string) =>
  Type.Record(Type.String(), Type.String({ examples: [example] }), { description })

const Alive = Type.Object(
  { status: Type.Literal('alive', { description: 'Always alive.', examples: ['alive'] }) },
  { title: 'Alive' }
)

const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'degraded', 'not ready', 'draining'], {
      description:
        'ready: all checks pass. degraded: the process works, but something that it needs does not. not ready: it cannot do its work. draining: it is about to end, or an operator has drained it; it still serves requests.'
    }),
    failing: byCheck(
      'The failed checks that make the process unready, each with its reason.',
      'no trusted key set is loaded'
    ),
    degraded: Type.Optional(
      byCheck(
        'The failed checks with which the process still works, each with its reason.',
        'the database is slow'
      )
    ),
    ageSeconds: Type.Record(
      Type.String(),
      // One schema of two types: a union would be compiled at the first response.
      Type.Unsafe<number | null>({ type: ['number', 'null'], examples: [3.2] }),
      {
        description:
          'By check: how many seconds old the data is that the process works with, or how long ago a store last answered; null: never.'
      }
    )
  },
  { title: 'Readiness' }
)

/** What an ops listener answers about the process, and what the API description says about it. */
export const healthz = {
  operationId: 'getHealth',
  summary: 'Is the process alive?',
  description: 'Answers while the process runs. Restart a process that does not answer.',
  tags,
  security,
  response: { 200: Alive },
  successes: { 200: { description: 'The process runs.' } },
  problems: { UNAVAILABLE: 'The process has several workers, and none of them answers.' }
}

export const readyz = {
  operationId: 'getReadiness',
  summary: 'Can the process do its work?',
  description: 'Says whether a load balancer should send requests to the process, and why not.',
  tags,
  security,
  response: { 200: Readiness, 503: Readiness },
  successes: {
    200: { description: 'The process does its work.' },
    503: { description: 'The process cannot do its work, or is about to end.' }
  }
}

export const metrics = {
  operationId: 'getMetrics',
  summary: 'Get the metrics',
  description: 'The metrics of the process, for Prometheus.',
  tags,
  security,
  response: {
    200: Type.String({
      description: 'Prometheus text format.',
      examples: ['process_cpu_seconds_total 1.5']
    })
  },
  successes: { 200: { description: 'The metrics.', mediaType: 'text/plain' } }
}
