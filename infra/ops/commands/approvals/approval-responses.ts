import { textTable } from '../../terminal/text-table.ts'

/** A request that needs a second operator. */
export type Approval = {
  readonly id: string
  readonly operation: string
  readonly params: Readonly<Record<string, unknown>>
  readonly body: unknown
  readonly state: string
  readonly requestedBy: string
  readonly requestedAt: string
  readonly expiresAt: string
  readonly decidedBy: string | null
}

export function approvalTable(approvals: readonly Approval[]): string {
  return textTable(
    ['id', 'operation', 'of', 'with', 'requested by', 'state', 'expires'],
    approvals.map((one) => [
      one.id,
      one.operation,
      Object.values(one.params).join(' '),
      one.body === null ? '' : JSON.stringify(one.body),
      one.requestedBy,
      one.state,
      one.expiresAt
    ])
  )
}
