/** Invitations to register. */
export type InvitationTable = {
  id: string
  secret_digest: string
  /** the only address that may use it; null: any, or it is no longer open */
  email: string | null
  /** JSON arrays; null: as for every new user */
  roles: string | null
  scope: string | null
  /** seconds since 1970 */
  created_at: number
  expires_at: number
  used_at: number | null
  /** the account that was created with it */
  used_by: string | null
  revoked_at: number | null
}
