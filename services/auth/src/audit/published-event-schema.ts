import { type TObject, Type } from 'typebox'
import { eventTypes, type Subject, subjectsOf } from './published-event.ts'

const subjects: Readonly<Record<Subject, string>> = {
  user: 'The id of the user.',
  client: 'The id of the machine client.',
  key: 'The kid of the signing key.',
  invitation: 'The id of the invitation.'
}

const id = (description: string) =>
  Type.Optional(Type.String({ description, examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11'] }))

/** A message to an endpoint, as its body. Later versions may add members. */
const messageOf = (type: string): TObject => {
  const { kinds, subject } = subjectsOf(type)
  return Type.Object(
    {
      type: Type.Literal(type, { description: 'The type of the event.', examples: [type] }),
      timestamp: Type.String({
        format: 'date-time',
        description: 'When it happened.',
        examples: ['2026-11-29T14:11:07.000Z']
      }),
      data: Type.Object(
        {
          kind: Type.Enum([...kinds], {
            description: 'The event in the audit log, which is more precise than the type.'
          }),
          [subject]: id(subjects[subject]),
          session: Type.Optional(
            Type.String({
              description: 'The public id of the session, if the event belongs to one.',
              examples: ['qZp1mP2n8kq0Yw3v']
            })
          ),
          actor: Type.Enum(['client', 'operator', 'system'], {
            description: 'Who caused it: a request through the gateway, an operator, or a schedule.'
          }),
          requestId: Type.String({
            description: 'The x-request-id of the request.',
            examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
          }),
          detail: Type.Object(
            {},
            {
              additionalProperties: true,
              description: 'As in the audit log.',
              examples: [{ ended: 2 }]
            }
          )
        },
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
