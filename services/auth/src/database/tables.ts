import type { Generated } from 'kysely'
import type { AuditEventTable } from '../audit/audit-event-table.ts'
import type { AuditChainTable, AuditHeadTable } from '../audit-chain/chain-tables.ts'
import type {
  ClientSecretTable,
  ClientTable,
  UsedClientAssertionTable
} from '../clients/client-tables.ts'
import type {
  FactorTable,
  LoginChallengeTable,
  PasskeyTable,
  RecoveryCodeTable,
  UsedPasskeyChallengeTable
} from '../factors/factor-table.ts'
import type { InvitationTable } from '../invitations/invitation-table.ts'
import type { SigningKeySetTable, SigningKeyTable } from '../keys/key-tables.ts'
import type { LinkTokenTable } from '../link-tokens/link-token-table.ts'
import type { OperatorLinkTable, OperatorSessionTable } from '../operators/console-tables.ts'
import type { ApprovalTable, OperatorTable } from '../operators/operator-table.ts'
import type { DeliveryTable } from '../outbox/delivery-table.ts'
import type { IdentityTable, ProviderLoginTable } from '../providers/identity-table.ts'
import type { WebhookTable } from '../subscriptions/webhook-table.ts'

export type AccountTable = {
  id: string
  email: string
  /** as `Account` has it; an earlier version may have replaced `email` alone since */
  email_typed: Generated<string | null>
  /** as `Account` has it */
  password_hash: string
  /** how often the password was changed; a new hash of the same password does not count */
  password_version: number
  /** those that operators set: a JSON array */
  roles: string
  /** space-separated, as in a token */
  scope: string
  /** those that operators set: a JSON object */
  claims: Generated<string>
  /** rights of linked providers: a JSON array of `ProvidedRights`; null: none */
  provided: Generated<string | null>
  /** seconds since 1970 */
  created_at: number
  disabled_at: number | null
  /** when the owner of the address has proven it; null: not yet */
  email_verified_at: number | null
  /** tokens with an earlier `iat` are stale; in seconds since 1970 */
  tokens_not_before: Generated<number>
  /** how often its rights have changed: tokens with a lower version are stale */
  rights_version: Generated<number>
  /** how many confirmed second factors it has */
  factors: Generated<number>
  /** how often they were added or removed */
  factor_version: Generated<number>
  /** as `Account` has it */
  delete_after: Generated<number | null>
  /** milliseconds since 1970; null if it never was */
  password_changed_at_ms: number | null
  /** the session that changed it */
  password_changed_by: string | null
  /** a password hash of the request that changed it: of the old and the new password together */
  password_change_request: string | null
}

/** The facts about a session that cannot be rebuilt if the session store loses it. */
export type SessionTable = {
  /** its public id */
  sid: string
  subject: string
  /** seconds since 1970, as the next two */
  opened_at: number
  expires_at: number
  /** when it was last used; late by a part of the idle lifetime */
  used_at: number
  /** as in a family */
  client_id: string
  scope: string
  /** empty once it has ended */
  label: string
  /** milliseconds since 1970; null while it is live */
  ended_at_ms: number | null
  /** 1: its end or a change is unpublished, so the session store may not have it yet */
  untold: Generated<number>
  /** how its user has signed in (RFC 8176), space-separated */
  amr: Generated<string>
  /** when its user last proved who they are; null: when it was opened */
  authenticated_at: Generated<number | null>
}

/**
 * One row: the last run of the session store to which all ends were published, in `incarnation`.
 */
type SessionStoreTable = {
  one: 1
  incarnation: string
  /** null: not recorded yet */
  partitions: Generated<number | null>
}

/** Changes of rights that are not published to the gateways yet. */
type UntoldStaleTokensTable = {
  subject: string
  before: number
  until: number
  /** 0 if every token is meant */
  rights_version: Generated<number>
}

/** One row: tokens of any subject with an earlier `iat` are stale; in seconds since 1970. */
type AllTokensTable = { one: 1; not_before: number }

/** Accounts whose state has changed, by `place` (`changed-accounts.ts`). */
type ChangedAccountTable = { place: Generated<number>; subject: string }

/** One row: changes before this place may have been deleted. */
type ForgottenChangesTable = { one: 1; before: number }

/** Deleted accounts of which something is still to be erased. */
type ErasureTable = {
  subject: string
  /** what belongs to events up to this time is erased; in milliseconds since 1970 */
  done_to_ms: number
}

/**
 * The durable tables. A column keeps its name: during an upgrade, processes of the earlier version
 * write and read it too. Below `untold`, `told` and `tended` are earlier words for unpublished,
 * published and maintained.
 */
export type Tables = {
  accounts: AccountTable
  sessions: SessionTable
  session_store: SessionStoreTable
  signing_keys: SigningKeyTable
  signing_key_set: SigningKeySetTable
  audit_events: AuditEventTable
  audit_chain: AuditChainTable
  audit_heads: AuditHeadTable
  clients: ClientTable
  client_secrets: ClientSecretTable
  used_client_assertions: UsedClientAssertionTable
  untold_stale_tokens: UntoldStaleTokensTable
  all_tokens: AllTokensTable
  changed_accounts: ChangedAccountTable
  forgotten_changes: ForgottenChangesTable
  invitations: InvitationTable
  erasures: ErasureTable
  deliveries: DeliveryTable
  webhooks: WebhookTable
  mail_tokens: LinkTokenTable
  factors: FactorTable
  recovery_codes: RecoveryCodeTable
  login_challenges: LoginChallengeTable
  operators: OperatorTable
  approvals: ApprovalTable
  passkeys: PasskeyTable
  used_passkey_challenges: UsedPasskeyChallengeTable
  operator_sessions: OperatorSessionTable
  operator_links: OperatorLinkTable
  identities: IdentityTable
  provider_logins: ProviderLoginTable
}
