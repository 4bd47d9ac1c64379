import type { Kysely } from 'kysely'
import type { Account, TokenAccount } from '../../accounts/account.ts'
import { toAccount, toTokenAccount } from '../../accounts/account-row.ts'
import { serverRun } from '../../database/changed-accounts.ts'
import { keptQuery } from '../../database/statements/kept-query.ts'
import { isUuid } from '../../database/statements/uuid.ts'
import type { Tables } from '../../database/tables.ts'
import {
  type DurableSession,
  SESSION_COLUMNS,
  type SessionRow,
  toSession
} from './durable-session.ts'

export type Found<Owner> = {
  readonly account: Owner | null
  readonly session: DurableSession | null
}

/**
 * An account and one of its sessions, and the run of the server that was asked
 * (`database/changed-accounts.ts`).
 */
export type ReadState = (
  subject: string,
  sid: string
) => Promise<Found<TokenAccount> & { readonly server: string }>

type FindSession<Owner> = (subject: string, sid: string) => Promise<Found<Owner>>

const NOTHING = { account: null, session: null }

/** An account with one of its sessions, in one query by their keys. */
const joined = (db: Kysely<Tables>, subject: string, sid: string) =>
  db
    .selectFrom('accounts')
    .leftJoin('sessions', (join) =>
      join.onRef('sessions.subject', '=', 'accounts.id').on('sessions.sid', '=', sid)
    )
    .select(SESSION_COLUMNS)
    .where('accounts.id', '=', subject)

type SessionColumns = Omit<SessionRow, 'scope'>

/** A row of `joined`: each column of the session is null if there is none. */
type JoinedSession = {
  readonly [Column in keyof SessionColumns]: SessionColumns[Column] | null
} & {
  readonly session_scope: string | null
}

const sessionOf = (row: JoinedSession): DurableSession | null =>
  row.sid === null ? null : toSession(row as SessionColumns, row.session_scope ?? '')

export function findSession(db: Kysely<Tables>): FindSession<Account> {
  const query = keptQuery(db, ['subject', 'sid'], ({ subject, sid }) =>
    joined(db, subject, sid).selectAll('accounts')
  )
  return async (subject, sid) => {
    const [row] = isUuid(subject) ? await query({ subject, sid }) : []
    return row === undefined ? NOTHING : { account: toAccount(row), session: sessionOf(row) }
  }
}

export function findForToken(db: Kysely<Tables>): ReadState {
  const query = keptQuery(db, ['subject', 'sid'], ({ subject, sid }) =>
    joined(db, subject, sid).select(TOKEN_COLUMNS).select(serverRun(db).as('server'))
  )
  return async (subject, sid) => {
    const [row] = isUuid(subject) ? await query({ subject, sid }) : []
    if (row === undefined) return { ...NOTHING, server: '' }
    return { account: toTokenAccount(row), session: sessionOf(row), server: row.server }
  }
}

/** what a token is made from; triggers note each change (`database/note-changes.ts`) */
export const TOKEN_COLUMNS = [
  'accounts.id',
  'accounts.email',
  'accounts.roles',
  'accounts.scope',
  'accounts.claims',
  'accounts.provided',
  'accounts.password_version',
  'accounts.disabled_at',
  'accounts.tokens_not_before',
  'accounts.rights_version'
] as const
