import { ask } from '../api/ask.ts'
import type { Approval } from '../api/problem.ts'
import { shortKid } from '../parts/text.ts'
import { visibleText } from './request-text.ts'
import { waiting } from './waiting.ts'

type Method = 'POST' | 'DELETE'

/** A change that the page can send again, and how to say what it does. */
type Change = {
  readonly method: Method
  path(params: Approval['params']): string
  /** what an operator reads: it follows "ada wants to" */
  text(params: Approval['params']): string
  /** what must be typed; null: nothing */
  name(params: Approval['params']): string | null
}

const part = (text: string | undefined): string => encodeURIComponent(text ?? '')

/** The requests that can need two operators, by operation. A response shows no secret. */
const changes: Readonly<Record<string, Change>> = {
  activateKey: {
    method: 'POST',
    path: ({ kid }) => `/ops/keys/${part(kid)}/activate`,
    text: ({ kid }) => `activate the key ${shortKid(kid ?? '')}`,
    name: () => null
  },
  revokeKey: {
    method: 'POST',
    path: ({ kid }) => `/ops/keys/${part(kid)}/revoke`,
    text: ({ kid }) => `revoke the key ${shortKid(kid ?? '')}`,
    name: ({ kid }) => shortKid(kid ?? '')
  },
  deleteUser: {
    method: 'DELETE',
    path: ({ user }) => `/ops/users/${part(user)}`,
    text: ({ user }) => `delete the user ${user}`,
    name: ({ user }) => user ?? ''
  },
  revokeAllTokens: {
    method: 'POST',
    path: () => '/ops/tokens/revoke-all',
    text: () => 'revoke all access tokens',
    name: () => 'all access tokens'
  }
}

/** Those that only the command line carries out, because of their responses or their length. */
const others: Readonly<Record<string, (body: unknown) => string>> = {
  createOperator: (body) => `create the operator ${(body as { name?: unknown } | null)?.name}`,
  endEverySession: () => 'end the sessions of all users'
}

/** What a request does, in words. */
export function textOf({ operation, params, body }: Approval): string {
  const change = changes[operation]
  if (change !== undefined) return visibleText(change.text(params))
  return visibleText(others[operation]?.(body) ?? `send ${operation}`)
}

/** Whether the page can carry the request out. */
export const canCarryOut = ({ operation }: Approval): boolean => operation in changes

/** What must be typed before it is carried out; null: nothing. */
export const nameOf = ({ operation, params }: Approval): string | null =>
  changes[operation]?.name(params) ?? null

/**
 * Sends an approved request again, as its operator.
 * @throws Problem, NeedsApproval
 */
export async function carryOut({ operation, params, body }: Approval): Promise<void> {
  const change = changes[operation]
  if (change === undefined) throw new Error(`${operation} cannot be sent from this page`)
  try {
    await ask(change.method, change.path(params), bodyOf(body))
  } finally {
    await waiting.read()
  }
}

const bodyOf = (body: unknown): object | undefined =>
  typeof body === 'object' && body !== null ? body : undefined

/** Approves a request of another operator, or rejects or withdraws one. */
export async function decide({ id }: Approval, decision: 'approve' | 'reject'): Promise<void> {
  try {
    await ask('POST', `/ops/approvals/${id}/${decision}`)
  } finally {
    await waiting.read()
  }
}
