import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ApprovalTable } from './operator-table.ts'

/** A request that needs a second operator. */
export type ApprovedRequest = {
  /** its `operationId` */
  readonly operation: string
  readonly params: unknown
  readonly body: unknown
}

export type Approval = {
  readonly id: string
  readonly operation: string
  /** what was requested: the parameters and the body */
  readonly request: { readonly params: unknown; readonly body: unknown }
  readonly state: ApprovalTable['state']
  readonly requestedBy: string
  /** seconds since 1970, as `expiresAt` */
  readonly requestedAt: number
  readonly expiresAt: number
  /** the operator who approved or rejected it */
  readonly decidedBy: string | null
}

const Stored = Type.Object({
  params: Type.Record(Type.String(), Type.Unknown()),
  body: Type.Unknown()
})

/** The end of the times that a Date can have. */
const LAST_SECOND = 8.64e12

/** A request as it is stored. The same request has the same digest. */
export function storedRequest({ operation, params, body }: ApprovedRequest) {
  const request = JSON.stringify({ params: params ?? {}, body: body ?? null })
  return { operation, request, request_digest: digestOf({ operation, request }) }
}

/**
 * An approval as it is shown; null if it was altered in the database. Whoever can write
 * to the database could show the second operator another request than the one that they allow.
 */
export function readApproval(row: Selectable<ApprovalTable>): Approval | null {
  const isTime = Math.max(row.requested_at, row.expires_at) <= LAST_SECOND
  const isSame = row.request_digest === digestOf(row)
  const request = isTime && isSame ? readRequest(row.request) : null
  return (
    request && {
      id: row.id,
      operation: row.operation,
      request,
      state: row.state,
      requestedBy: row.requested_by,
      requestedAt: row.requested_at,
      expiresAt: row.expires_at,
      decidedBy: row.decided_by
    }
  )
}

function readRequest(text: string): Approval['request'] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(Stored, value) ? value : null
  } catch {
    return null
  }
}

const digestOf = ({ operation, request }: Pick<ApprovalTable, 'operation' | 'request'>): string =>
  createHash('sha256')
    .update(JSON.stringify([operation, request]))
    .digest('base64url')
