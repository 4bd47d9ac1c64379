import { createHash, randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import { OPERATOR_ADDRESS, SCHEDULE_ADDRESS, START_ADDRESS } from '../audit/audit-event.ts'
import type { OperatorRole } from './operator-role.ts'
import type { OperatorTable } from './operator-table.ts'

/** Who calls the operators' API. */
export type ActingOperator = {
  readonly name: string
  readonly role: OperatorRole
  /** when the token expires, in seconds since 1970; null: never */
  readonly expiresAt: number | null
  /** the digest of the token that the request has; null in a session of the console */
  readonly tokenDigest: string | null
  /** the digest of the session in the console; null if the request has a token */
  readonly session: string | null
}

/** The holder of AUTH_OPS_TOKEN, with which the first operators are created. */
export const BOOTSTRAP = 'bootstrap'

export const bootstrapOperator = (tokenDigest: string): ActingOperator => ({
  name: BOOTSTRAP,
  role: 'admin',
  expiresAt: null,
  tokenDigest,
  session: null
})

export type OperatorState = 'live' | 'expired' | 'revoked'

export type Operator = {
  readonly name: string
  readonly role: OperatorRole
  readonly state: OperatorState
  /** seconds since 1970, as the other times */
  readonly createdAt: number
  /** the name of the operator who created the token */
  readonly createdBy: string
  readonly expiresAt: number
  /** late by up to a minute; null: never */
  readonly usedAt: number | null
}

/** Names are in the audit log, so they cannot be e-mail addresses. */
export const OPERATOR_NAME = '^[a-z][a-z0-9._-]{0,31}$'

/** Names that have another meaning in the audit log or in a path. */
const RESERVED: ReadonlySet<string> = new Set([
  BOOTSTRAP,
  'me',
  OPERATOR_ADDRESS,
  START_ADDRESS,
  SCHEDULE_ADDRESS
])

export const isReserved = (name: string): boolean => RESERVED.has(name)

/** Scanners of source code and logs find a leaked token by this prefix. */
const PREFIX = 'gho_'
const TOKEN = /^gho_[A-Za-z0-9_-]{43}$/

/** Returns 256 random bits. */
export const newOperatorToken = (): string => PREFIX + randomBytes(32).toString('base64url')

export const isOperatorToken = (text: string): boolean => TOKEN.test(text)

/** The stored form. 256 random bits cannot be guessed, so no slow hash is needed. */
export const operatorTokenDigest = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

export const toOperator = (row: Selectable<OperatorTable>, nowSeconds: number): Operator => ({
  name: row.name,
  role: row.role,
  state: stateOf(row, nowSeconds),
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  usedAt: row.used_at
})

function stateOf(row: Selectable<OperatorTable>, nowSeconds: number): OperatorState {
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at <= nowSeconds ? 'expired' : 'live'
}
