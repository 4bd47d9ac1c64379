import type { Accounts } from '../accounts/open-accounts.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AuditChain } from '../audit-chain/audit-chain.ts'
import type { Clients } from '../clients/open-clients.ts'
import type { Database } from '../database/open-database.ts'
import type { EmailChanges } from '../email-changes/email-changes.ts'
import type { EmailVerifications } from '../email-verifications/email-verifications.ts'
import type { Factors } from '../factors/factors.ts'
import type { Invitations } from '../invitations/open-invitations.ts'
import type { Keys } from '../keys/open-keys.ts'
import type { OperatedMail } from '../mail/mail.ts'
import type { Operators } from '../operators/open-operators.ts'
import type { PasswordResets } from '../password-resets/password-resets.ts'
import type { Providers } from '../providers/providers.ts'
import type { Revocations } from '../revocations/open-revocations.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Throttling } from '../throttling/open-throttling.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { Webhooks } from '../webhooks/open-webhooks.ts'

/** What the folders offer to the routes, each under its own name. */
export type AuthState = {
  readonly accounts: Accounts
  readonly audit: AuditLog
  readonly auditChain: AuditChain
  readonly clients: Clients
  readonly database: Database
  readonly emailChanges: EmailChanges
  readonly emailVerifications: EmailVerifications
  readonly factors: Factors
  readonly invitations: Invitations
  readonly keys: Keys
  readonly mail: OperatedMail
  readonly operators: Operators
  readonly passwordResets: PasswordResets
  readonly providers: Providers
  readonly revocations: Revocations
  readonly sessions: Sessions
  readonly throttling: Throttling
  readonly tokens: AccessTokens
  readonly webhooks: Webhooks
}
