import { type Static, Type } from 'typebox'
import { noSuchUser } from '../../../accounts/account-refusals.ts'
import { LONGEST_EMAIL } from '../../../accounts/email-addresses/email.ts'
import {
  type AuditKind,
  auditKinds,
  OPERATOR_ADDRESS,
  SCHEDULE_ADDRESS,
  START_ADDRESS
} from '../../../audit/audit-event.ts'
import type { AuditEntry } from '../../../audit/audit-log.ts'
import { storedInstant } from '../../../audit/stored-event.ts'
import { isUuid } from '../../../database/statements/uuid.ts'
import { instant, SessionId, uuid } from '../../fields.ts'
import { invalidParameter } from '../../http-refusals.ts'
import type { OpsApiOptions, OpsRoutes } from '../ops-routes.ts'
import { Instant, Limit, readInstant, readLimit } from '../query-parameters.ts'
import { findUser } from '../users/find-user.ts'

const Query = Type.Object({
  kind: Type.Optional(
    Type.String({
      maxLength: 64,
      description: `Only events of this kind: ${auditKinds.join(', ')}.`,
      examples: ['refresh-reused']
    })
  ),
  user: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LONGEST_EMAIL,
      description:
        'Only the events of this user, by id or e-mail address. A deleted user only by id.',
      examples: ['ada@example.com']
    })
  ),
  since: Type.Optional(Instant),
  limit: Limit
})

const Event = Type.Object(
  {
    at: instant('When it happened.'),
    kind: Type.String({
      description: `What happened: ${auditKinds.join(', ')}. Later versions may have more.`,
      examples: ['login']
    }),
    user: Type.Union([uuid('An id.'), Type.Null()], {
      description: 'The id of the account, machine client or signing key; null if it is unknown.'
    }),
    session: Type.Union([SessionId, Type.Null()], {
      description: 'The public id of the session; null if the event belongs to none.'
    }),
    address: Type.String({
      description: `The address of the client; ${OPERATOR_ADDRESS}, ${START_ADDRESS} or ${SCHEDULE_ADDRESS} if there is none.`,
      examples: ['192.0.2.7']
    }),
    requestId: Type.String({
      description: 'The x-request-id of the request.',
      examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
    }),
    operator: Type.Union([Type.String({ examples: ['ada'] }), Type.Null()], {
      description: 'The name of the operator who caused it; null: none did.'
    }),
    detail: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]), {
      description: 'Further facts about the event, by name.',
      examples: [{ expiresIn: 291 }]
    })
  },
  { title: 'AuditEvent' }
)

/** @throws Refusal INVALID_REQUEST */
function readKind(text: string): AuditKind {
  const kind = auditKinds.find((one) => one === text)
  if (kind === undefined) {
    throw invalidParameter('kind', `must be one of: ${auditKinds.join(', ')}`)
  }
  return kind
}

/** The audit log, the newest first. */
export const auditRoutes: OpsRoutes = (service, options) => {
  service.get(
    '/audit',
    {
      schema: {
        operationId: 'listAuditEvents',
        summary: 'Read the audit log',
        description: 'Lists security events, the newest first.',
        tags: ['Audit log'],
        successes: { 200: { description: 'The events.' } },
        problems: {
          NOT_FOUND: 'There is no such user, and no event of a deleted user with this id.'
        },
        querystring: Query,
        response: {
          200: Type.Object(
            { events: Type.Array(Event, { description: 'The events, the newest first.' }) },
            { title: 'AuditEvents' }
          )
        }
      }
    },
    async ({ query }) => ({ events: (await readEvents(options, query)).map(toEvent) })
  )
}

type Logs = Pick<OpsApiOptions, 'accounts' | 'audit'>

async function readEvents(
  { accounts, audit }: Logs,
  { kind, user, since, limit }: Static<typeof Query>
): Promise<readonly AuditEntry[]> {
  const subject = user === undefined ? undefined : await subjectOf(user, accounts)
  const events = await audit.read({
    kind: kind === undefined ? undefined : readKind(kind),
    subject,
    sinceMs: since === undefined ? undefined : readInstant('since', since),
    limit: readLimit(limit)
  })
  if (subject !== undefined && events.length === 0) {
    await refuseUnknown(subject, { accounts, audit })
  }
  return events
}

/** The events of a deleted user are found by the id. */
const subjectOf = async (user: string, accounts: Logs['accounts']): Promise<string> =>
  isUuid(user) ? user : (await findUser(accounts, user)).id

async function refuseUnknown(user: string, { accounts, audit }: Logs): Promise<void> {
  const everything = await audit.read({ subject: user, limit: 1 })
  if (everything.length === 0 && (await accounts.findById(user)) === null) throw noSuchUser()
}

const toEvent = ({ atMs, kind, subject, sid, source, detail = {} }: AuditEntry) => ({
  at: storedInstant(atMs),
  kind,
  user: subject,
  session: sid,
  address: source.address,
  requestId: source.requestId,
  operator: source.operator ?? null,
  detail: { ...detail }
})
