import { Type } from 'typebox'
import { instant, instantOrNull } from '../../fields.ts'

const byCheck = (description: string, example: string) =>
  Type.Record(Type.String(), Type.String({ examples: [example] }), { description })
const whole = (description: string, example: number) =>
  Type.Integer({ minimum: 0, description, examples: [example] })

const Process = Type.Object(
  {
    version: Type.String({ description: 'The release of Gatehouse.', examples: ['0.1.0'] }),
    nodejs: Type.String({ description: 'The version of Node.js.', examples: ['24.4.0'] }),
    startedAt: instant('When this process started.'),
    memoryBytes: whole('Its resident memory.', 120_000_000),
    database: Type.Enum(['sqlite', 'postgresql'], { description: 'The database.' }),
    sessionStore: Type.Enum(['sqlite', 'redis'], {
      description: 'Where sessions and revocations are.'
    })
  },
  { title: 'AuthProcess', description: 'The process of the auth service that answers.' }
)

const Readiness = Type.Object(
  {
    failing: byCheck('The checks that make the process unready.', 'the database is unreachable'),
    degraded: byCheck('The failed checks with which it still works.', 'the database is slow'),
    ageSeconds: Type.Record(
      Type.String(),
      Type.Unsafe<number | null>({ type: ['number', 'null'], examples: [0] }),
      { description: 'By check: how long ago a store last answered; null: never.' }
    )
  },
  { title: 'AuthReadiness', description: 'As in GET /readyz.' }
)

const AuditLog = Type.Object(
  {
    last: whole('The number of the last record.', 4711),
    unchainedSince: instantOrNull('When the oldest event without a number happened; null: none.'),
    head: Type.Union(
      [
        Type.Object({
          number: whole('Its number.', 42),
          seq: whole('The record that was the last one.', 4700),
          at: instant('When it was signed.'),
          intact: Type.Boolean({
            description: 'Whether the records before it verified.',
            examples: [true]
          })
        }),
        Type.Null()
      ],
      { description: 'The newest signed head; null: there is none.' }
    )
  },
  { title: 'AuditProgress' }
)

const Events = Type.Object(
  {
    since: instant('The beginning of the first interval.'),
    intervalSeconds: whole('The length of an interval.', 300),
    isComplete: Type.Boolean({
      description: 'false: there were so many events that the oldest are not counted.',
      examples: [true]
    }),
    kinds: Type.Array(
      Type.Object({
        kind: Type.String({ description: 'A kind of event.', examples: ['login'] }),
        counts: Type.Array(Type.Integer({ examples: [3] }), {
          description: 'How many there were in each interval.'
        })
      }),
      { description: 'The kinds of which there were any.' }
    )
  },
  { title: 'EventCounts', description: 'The events of the audit log in the last hour.' }
)

const Queue = Type.Object(
  {
    kind: Type.Enum(['mail', 'webhook'], { description: 'What is sent.' }),
    pending: whole('How many messages wait, at most 1000.', 0),
    dead: whole('How many were given up and wait for an operator, at most 1000.', 0),
    pendingSince: instantOrNull('When the oldest pending one was queued; null: none is.')
  },
  { title: 'DeliveryQueue' }
)

export const StatusSchema = Type.Object(
  {
    process: Process,
    readiness: Readiness,
    keyRotationDays: whole('How long a key stays active by the schedule; 0: no schedule.', 30),
    auditLog: AuditLog,
    events: Events,
    queues: Type.Array(Queue, { description: 'The outbox, by kind.' })
  },
  { title: 'Status' }
)
