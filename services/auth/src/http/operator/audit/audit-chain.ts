import { Type } from 'typebox'
import { instant, SessionId, uuid } from '../../fields.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { After, Limit, readAfter, readLimit } from '../query-parameters.ts'

const seq = (description: string) => Type.Integer({ minimum: 0, description, examples: [4711] })

const digest = (description: string) =>
  Type.String({ description, examples: ['n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'] })

const place = (title: string, description: string) =>
  Type.Object(
    {
      seq: seq('The number of the record; 0: before the first record.'),
      digest: digest('Its digest; empty before the first record.')
    },
    { title, description }
  )

const Chain = Type.Object(
  {
    anchor: place('AuditAnchor', 'The last record that was deleted because of its age.'),
    last: place('AuditLast', 'The last record.'),
    keptSince: Type.Union([instant('Later records are kept.'), Type.Null()], {
      description: 'Records that were written later are kept; null: all are.'
    }),
    keys: Type.Array(
      Type.Object({
        jwk: Type.Record(Type.String(), Type.Unknown(), {
          description: 'The public key (RFC 7517).',
          examples: [{ kty: 'EC', crv: 'P-256', kid: 'k1', alg: 'ES256', x: '…', y: '…' }]
        }),
        published: Type.Boolean({
          description: 'Whether the key set that gateways trust has it.',
          examples: [true]
        })
      }),
      { description: 'The keys that may have signed heads, including former ones.' }
    ),
    outside: Type.Integer({
      minimum: 0,
      description:
        'How many events and heads have a number that is not in the chain. Not 0: the log was altered.',
      examples: [0]
    }),
    undeleted: Type.Integer({
      minimum: 0,
      description:
        'How many events report the deletion of a user who still has an account. Not 0: the log was altered.',
      examples: [0]
    })
  },
  { title: 'AuditChain' }
)

const Record = Type.Object(
  {
    seq: seq('The number of the record.'),
    digest: digest('The digest of the record, which includes that of the previous record.'),
    at: instant('When it happened.'),
    kind: Type.String({ description: 'What happened.', examples: ['login'] }),
    user: Type.Union([uuid('An id.'), Type.Null()], { description: 'As in an audit event.' }),
    session: Type.Union([SessionId, Type.Null()], { description: 'As in an audit event.' }),
    requestId: Type.String({
      description: 'The x-request-id of the request.',
      examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
    }),
    operator: Type.Union([Type.String({ examples: ['ada'] }), Type.Null()], {
      description: 'The name of the operator who caused it.'
    }),
    detail: Type.Record(Type.String(), Type.Unknown(), {
      description: 'As in an audit event.',
      examples: [{ ended: 2 }]
    }),
    address: Type.String({
      description: 'As in an audit event; empty if it was erased with the data of its user.',
      examples: ['192.0.2.7']
    }),
    addressSalt: Type.Union([Type.String({ examples: ['q1Zb0oJ0m9pQ4hUu0mJ0bw'] }), Type.Null()], {
      description: 'The salt in the digest of the address; null if the address was erased.'
    }),
    addressDigest: digest('The digest of the salt and the address.')
  },
  { title: 'AuditRecord' }
)

const Head = Type.Object(
  {
    number: Type.Integer({ description: '1 and up, without gaps.', examples: [42] }),
    seq: seq('The number of the last record at that time.'),
    digest: digest('Its digest.'),
    at: instant('When the head was signed.'),
    intact: Type.Boolean({
      description: 'Whether the records since the previous head verified at that time.',
      examples: [true]
    }),
    issuer: Type.String({
      description: 'The issuer of the access tokens of the installation.',
      examples: ['https://auth.example.com']
    }),
    previous: digest('The digest of the payload of the previous head; empty for the first one.'),
    kid: Type.String({ description: 'The signing key.', examples: ['k1'] }),
    jws: Type.String({
      description: 'A JWS with a detached payload (RFC 7515, appendix F).',
      examples: ['eyJhbGciOiJFUzI1NiJ9..c2lnbmF0dXJl']
    })
  },
  { title: 'AuditHead' }
)

const tags = ['Audit log']
const Page = Type.Object({ after: After, limit: Limit })

const showChain: OpsRoutes = (service, { auditChain }) => {
  service.get(
    '/audit/chain',
    {
      schema: {
        operationId: 'getAuditChain',
        summary: 'Show the chain of the audit log',
        description: 'Shows where the chain begins and ends, and the keys of its signed heads.',
        tags,
        successes: { 200: { description: 'The chain.' } },
        response: { 200: Chain }
      }
    },
    async () => {
      const { anchor, last, keptSinceMs, keys, outside, undeleted } = await auditChain.state()
      const keptSince = keptSinceMs === 0 ? null : new Date(keptSinceMs).toISOString()
      const shown = keys.map((key) => ({ ...key, jwk: { ...key.jwk } }))
      return { anchor, last, keptSince, keys: shown, outside, undeleted }
    }
  )
}

const listRecords: OpsRoutes = (service, { auditChain }) => {
  service.get(
    '/audit/records',
    {
      schema: {
        operationId: 'listAuditRecords',
        summary: 'Read the records of the audit log',
        description: 'Lists the events in the order of their chain, with the data to verify them.',
        tags,
        successes: { 200: { description: 'The records, in order.' } },
        querystring: Page,
        response: {
          200: Type.Object(
            { records: Type.Array(Record, { description: 'The records, in order.' }) },
            { title: 'AuditRecords' }
          )
        }
      }
    },
    async ({ query: { after, limit } }) => {
      const records = await auditChain.records(readAfter(after), readLimit(limit))
      return { records: records.map((one) => ({ ...one, detail: { ...one.detail } })) }
    }
  )
}

const listHeads: OpsRoutes = (service, { auditChain }) => {
  service.get(
    '/audit/heads',
    {
      schema: {
        operationId: 'listAuditHeads',
        summary: 'Read the signed heads of the audit log',
        description: 'Lists the signatures of the end of the chain, the oldest first.',
        tags,
        successes: { 200: { description: 'The heads, in order.' } },
        querystring: Page,
        response: {
          200: Type.Object(
            { heads: Type.Array(Head, { description: 'The heads, in order.' }) },
            { title: 'AuditHeads' }
          )
        }
      }
    },
    async ({ query: { after, limit } }) => ({
      heads: await auditChain.heads(readAfter(after), readLimit(limit))
    })
  )
}

/** The data with which the audit log is verified. */
export const auditChainRoutes: OpsRoutes = (service, options) => {
  for (const route of [showChain, listRecords, listHeads]) route(service, options)
}
