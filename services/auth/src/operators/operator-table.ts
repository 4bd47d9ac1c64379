import type { OperatorRole } from './operator-role.ts'

/** A name is kept for good, because the audit log has it. */
export type OperatorTable = {
  name: string
  role: OperatorRole
  /** SHA-256 of the token, base64url */
  token_digest: string
  /** seconds since 1970, as the other times */
  created_at: number
  created_by: string
  expires_at: number
  used_at: number | null
  revoked_at: number | null
}

/** A request that a second operator must approve, or has approved. */
export type ApprovalTable = {
  id: string
  /** the `operationId` of the request */
  operation: string
  /** of the operation, its parameters and its body, base64url: the same request has the same */
  request_digest: string
  /** the parameters and the body, JSON; for the person who approves */
  request: string
  /** the operator who sent the request */
  requested_by: string
  /** seconds since 1970, as `expires_at` */
  requested_at: number
  expires_at: number
  state: 'pending' | 'approved' | 'rejected' | 'used'
  /** the operator who approved or rejected it */
  decided_by: string | null
}
