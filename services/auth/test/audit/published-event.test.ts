import t from 'tap'
import { Value } from 'typebox/value'
import type { AuditKind } from '../../src/audit/audit-event.ts'
import { publishedEvent, subjectsOf } from '../../src/audit/published/published-event.ts'
import { messageSchemas } from '../../src/audit/published/published-event-schema.ts'

t.test('each message has the form that the description of the API gives it', async (t) => {
  for (const [type, schema] of messageSchemas) {
    for (const kind of subjectsOf(type).kinds) {
      const source = { address: '192.0.2.1', requestId: 'request-1' }
      const event = { kind: kind as AuditKind, subject: 'one', sid: 'session-1', source }
      const message = publishedEvent({ ...event, detail: { ended: 2 } }, 1_800_000_000_000)
      t.equal(message?.type, type)
      const body = JSON.parse(message?.body ?? 'null')
      t.ok(Value.Check(schema, body), `${kind}: ${JSON.stringify(Value.Errors(schema, body))}`)
      const { [subjectsOf(type).subject]: subject } = body.data
      t.equal(subject, 'one', `${kind} names its subject`)
    }
  }
})
