import { Type } from 'typebox'
import type { OpsRoutes } from '../ops-routes.ts'
import { After, Limit, readAfter, readLimit } from '../query-parameters.ts'

const number = (description: string) =>
  Type.Union([Type.Integer({ examples: [4711] }), Type.Null()], { description })

const Fault = Type.Object(
  {
    fault: Type.String({
      description:
        'missing, altered, dated-back, dated-ahead, undeleted, missing-tail, rewritten, missing-head, forged-head, unpublished-key, not-intact, removed-early, address-removed or outside.',
      examples: ['altered']
    }),
    seq: Type.Integer({ description: 'The first record that is concerned.', examples: [4711] }),
    detail: Type.String({
      description: 'What was found, for a person.',
      examples: ['record 4711 does not have the content of its digest']
    })
  },
  { title: 'AuditFault' }
)

const Verification = Type.Object(
  {
    firstRecord: number('The number of the first record that was verified; null: there was none.'),
    lastRecord: number('The number of the last one: after, in the next request.'),
    firstHead: number('The number of the first signed head that was verified; null: none was.'),
    lastHead: number('The number of the last one: afterHead, in the next request.'),
    isEnd: Type.Boolean({
      description: 'Whether nothing is left to verify.',
      examples: [false]
    }),
    faultCount: Type.Integer({ description: 'How many faults there are.', examples: [0] }),
    faults: Type.Array(Fault, { description: 'The first ones.' })
  },
  { title: 'AuditVerification' }
)

const schema = {
  operationId: 'verifyAuditLog',
  summary: 'Verify a part of the audit log',
  description:
    'Verifies records and signed heads that follow the given numbers. Repeat it with the last numbers until isEnd. The log changes meanwhile: ask again before you believe a fault.',
  tags: ['Audit log'],
  successes: { 200: { description: 'What was found.' } },
  querystring: Type.Object({ after: After, afterHead: After, limit: Limit }),
  response: { 200: Verification }
}

/** Verifies the audit log, for the console. */
export const auditVerificationRoutes: OpsRoutes = (service, { auditChain }) => {
  service.get('/audit/verification', { schema }, async ({ query }) => {
    const { records, heads, isEnd, faultCount, faults } = await auditChain.verify({
      after: readAfter(query.after),
      afterHead: readAfter(query.afterHead),
      limit: readLimit(query.limit)
    })
    return {
      firstRecord: records.first,
      lastRecord: records.last,
      firstHead: heads.first,
      lastHead: heads.last,
      isEnd,
      faultCount,
      faults: [...faults]
    }
  })
}
