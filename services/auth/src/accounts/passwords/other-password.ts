import { sql } from 'kysely'

/** A change by the user: when, in which session, and a password hash of the request. */
type OwnChange = {
  readonly atMs: number
  /** the session that makes the change, which continues; null: none */
  readonly sid: string | null
  readonly requestHash: string
}

/**
 * The columns of an account that gets another password. Its version grows, which makes the links in
 * earlier letters void, and the callers that knew the previous password unknown.
 * @param passwordHash empty: none, until the owner of the address sets one
 * @param own recognises a repeat of the request; null: somebody else has changed it
 */
export const otherPassword = (passwordHash: string, own: OwnChange | null = null) => ({
  password_hash: passwordHash,
  password_version: sql<number>`password_version + 1`,
  password_changed_at_ms: own?.atMs ?? null,
  password_changed_by: own?.sid ?? null,
  password_change_request: own?.requestHash ?? null
})
