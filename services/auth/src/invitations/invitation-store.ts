import { randomUUID } from 'node:crypto'
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { insertAccount, type NewAccount } from '../accounts/account-store.ts'
import type { By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import {
  type Invitation,
  invitationDigest,
  newInvitationSecret,
  toInvitation
} from './invitation.ts'

type NewInvitation = Pick<Invitation, 'email' | 'roles' | 'scope' | 'expiresAt'>

/**
 * The outcome of a registration with an invitation. Unless an account was created, it is not used.
 */
type Registered = { readonly account: Account } | { readonly obstacle: 'email-taken' | 'not-open' }

/** Invitations to register. Each change is one transaction with its event. */
export type InvitationStore = {
  /** Creates an invitation. The secret is not stored, so it cannot be shown again. */
  create(
    invitation: NewInvitation,
    by: By & {
      /** Sends the secret, in the transaction of the invitation. */
      send?(transaction: Kysely<Tables>, secret: string): Promise<void>
    }
  ): Promise<{ readonly invitation: Invitation; readonly secret: string }>
  /** The newest first. */
  list(limit: number, nowMs: number): Promise<Invitation[]>
  /** The invitation with this secret, in any state; null if there is none. */
  findBySecret(secret: string, nowMs: number): Promise<Invitation | null>
  /** Returns whether the invitation was open. */
  revoke(id: string, by: By): Promise<boolean>
  /** Stores an account and uses the invitation, in one transaction with both events. */
  register(id: string, account: NewAccount, by: By): Promise<Registered>
}

export function invitationStore(db: Kysely<Tables>): InvitationStore {
  return {
    create: createInvitation(db),
    async list(limit, nowMs) {
      const rows = await db
        .selectFrom('invitations')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => toInvitation(row, Math.floor(nowMs / 1000)))
    },
    async findBySecret(secret, nowMs) {
      const row = await db
        .selectFrom('invitations')
        .selectAll()
        .where('secret_digest', '=', invitationDigest(secret))
        .executeTakeFirst()
      return row === undefined ? null : toInvitation(row, Math.floor(nowMs / 1000))
    },
    revoke: (id, { source, clock }) =>
      db.transaction().execute(async (transaction) => {
        const nowMs = clock()
        const now = Math.floor(nowMs / 1000)
        const { numUpdatedRows } = await transaction
          .updateTable('invitations')
          .set({ revoked_at: now, email: null })
          .where('id', '=', id)
          .where(isOpen(now))
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        const event = { kind: 'invitation-revoked', subject: id, sid: null, source } as const
        await writeAudit(transaction, event, nowMs)
        return true
      }),
    register: registerInvited(db)
  }
}

const createInvitation =
  (db: Kysely<Tables>): InvitationStore['create'] =>
  ({ email, roles, scope, expiresAt }, { source, clock, send }) =>
    db.transaction().execute(async (transaction) => {
      const nowMs = clock()
      const secret = newInvitationSecret()
      const row = await transaction
        .insertInto('invitations')
        .values({
          id: randomUUID(),
          secret_digest: invitationDigest(secret),
          email,
          roles: roles === null ? null : JSON.stringify(roles),
          scope: scope === null ? null : JSON.stringify(scope),
          created_at: Math.floor(nowMs / 1000),
          expires_at: expiresAt,
          used_at: null,
          used_by: null,
          revoked_at: null
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      const event = { kind: 'invitation-created', subject: row.id, sid: null, source } as const
      await writeAudit(transaction, event, nowMs)
      await send?.(transaction, secret)
      return { invitation: toInvitation(row, Math.floor(nowMs / 1000)), secret }
    })

const registerInvited =
  (db: Kysely<Tables>): InvitationStore['register'] =>
  async (id, newAccount, by) => {
    try {
      return await db.transaction().execute(async (transaction) => {
        const account = await insertAccount(transaction, newAccount, by)
        if (account === null) return { obstacle: 'email-taken' } as const
        await useInvitation(transaction, id, account, by)
        return { account }
      })
    } catch (error) {
      if (error instanceof InvitationNotOpen) return { obstacle: 'not-open' }
      throw error
    }
  }

/** Undoes the new account, with the rest of its transaction. */
export class InvitationNotOpen extends Error {}

/**
 * The update locks the invitation: of two registrations at once, the second finds it used.
 * @throws InvitationNotOpen
 */
export async function useInvitation(
  transaction: Kysely<Tables>,
  id: string,
  account: Account,
  { source, clock }: By
): Promise<void> {
  const nowMs = clock()
  const now = Math.floor(nowMs / 1000)
  const { numUpdatedRows } = await transaction
    .updateTable('invitations')
    // The account has the address now, and is deleted with it.
    .set({ used_at: now, used_by: account.id, email: null })
    .where('id', '=', id)
    .where(isOpen(now))
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new InvitationNotOpen()
  const event = { kind: 'invitation-used', subject: account.id, sid: null, source } as const
  await writeAudit(transaction, event, nowMs)
}

const isOpen =
  (now: number) =>
  ({ and, eb }: ExpressionBuilder<Tables, 'invitations'>) =>
    and([eb('used_at', 'is', null), eb('revoked_at', 'is', null), eb('expires_at', '>', now)])
