import { Type } from 'typebox'
import type { Approval } from '../../../operators/stored-approval.ts'
import { instant, iso, uuid } from '../../fields.ts'

const name = (description: string) => Type.String({ description, examples: ['ada'] })

export const ApprovalSchema = Type.Object(
  {
    id: uuid('The id of the approval.'),
    operation: Type.String({
      description: 'What is requested: the operationId of the request.',
      examples: ['revokeKey']
    }),
    params: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The parameters in the path of the request.',
      examples: [{ kid: 'k1' }]
    }),
    body: Type.Unknown({ description: 'The body of the request; null: none.', examples: [null] }),
    state: Type.String({
      description: 'pending, approved, rejected or used.',
      examples: ['pending']
    }),
    requestedBy: name('The operator who sent the request.'),
    requestedAt: instant('When it was sent first.'),
    expiresAt: instant('Until then it can be approved, and sent again.'),
    decidedBy: Type.Union([name('A name.'), Type.Null()], {
      description: 'The operator who approved or rejected it.'
    })
  },
  { title: 'Approval' }
)

/** The response to a request that waits for a second operator. */
export const PendingApproval = Type.Object(
  { approval: ApprovalSchema },
  { title: 'PendingApproval' }
)

/** What OpenAPI says about that response. */
export const pendingResponse = {
  description:
    'With AUTH_OPS_FOUR_EYES: another operator must approve the request first. Send it again then.'
}

export const toApproval = ({ request, requestedAt, expiresAt, ...approval }: Approval) => ({
  ...approval,
  params: { ...(request.params as object) },
  body: request.body,
  requestedAt: iso(requestedAt),
  expiresAt: iso(expiresAt)
})
