import type * as api from './operator-api.ts'
import type { Narrowed } from './responses.ts'

/** A refusal of the operators' API (RFC 9457). */
export class Problem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

/** A request that waits for a second operator. */
export type Approval = Narrowed<
  api.Approval,
  {
    readonly params: Readonly<Record<string, string>>
    readonly state: 'pending' | 'approved'
  }
>

/** Another operator must approve the request first (AUTH_OPS_FOUR_EYES). */
export class NeedsApproval extends Error {
  readonly approval: Approval

  constructor(approval: Approval) {
    super('Another operator must approve this first. Then carry it out under Approvals.')
    this.approval = approval
  }
}

/** What to tell the operator about a failure. */
export const messageOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
