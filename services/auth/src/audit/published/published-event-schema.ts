import { type TObject, Type } from 'typebox'
import { eventTypes, type Subject, subjectsOf } from './published-event.ts'

const subjectId = (title: string, description: string) =>
  Type.Optional(
    Type.String({ title, description, examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11'] })
  )

const subjects = {
  user: subjectId('EventUser', 'The id of the user.'),
  client: subjectId('EventClient', 'The id of the machine client.'),
  key: subjectId('EventKey', 'The kid of the signing key.'),
  invitation: subjectId('EventInvitation', 'The id of the invitation.')
} satisfies Record<Subject, unknown>

/** What the data of every message can have. A schema with a title is described once. */
const data = {
  session: Type.Optional(
    Type.String({
      title: 'EventSession',
      description: 'The public id of the session, if the event belongs to one.',
      examples: ['qZp1mP2n8kq0Yw3v']
    })
  ),
  actor: Type.Enum(['client', 'operator', 'system'], {
    title: 'EventActor',
    description: 'Who caused it: a request through the gateway, an operator, or a schedule.'
  }),
  requestId: Type.String({
    title: 'EventRequest',
    description: 'The x-request-id of the request.',
    examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
  }),
  detail: Type.Object(
    {},
    {
      title: 'EventDetail',
      additionalProperties: true,
      description: 'As in the audit log.',
      examples: [{ ended: 2 }]
    }
  )
}

const timestamp = Type.String({
  title: 'EventTime',
  format: 'date-time',
  description: 'When it happened.',
  examples: ['2026-11-29T14:11:07.000Z']
})

/** A message to an endpoint, as its body. Later versions may add members. */
const messageOf = (type: string): TObject => {
  const { kinds, subject } = subjectsOf(type)
  const kind = Type.Enum([...kinds], {
    description: 'The event in the audit log, which is more precise than the type.'
  })
  return Type.Object(
    {
      type: Type.Literal(type, { description: 'The type of the event.', examples: [type] }),
      timestamp,
      data: Type.Object(
        { kind, [subject]: subjects[subject], ...data },
        { description: 'Ids, and nothing personal.' }
      )
    },
    { title: messageTitle(type) }
  )
}

/** The message of `session.reuse_detected` is `SessionReuseDetectedEvent`. */
export const messageTitle = (type: string): string =>
  `${type.replaceAll(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase())}Event`

/** The body of the messages about each type of event, by its type. */
export const messageSchemas: ReadonlyMap<string, TObject> = new Map(
  eventTypes.map((type) => [type, messageOf(type)])
)
