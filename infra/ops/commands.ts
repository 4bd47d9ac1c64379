import type { Command } from './command.ts'
import { approvalsApprove } from './commands/approvals/approvals-approve.ts'
import { approvalsList } from './commands/approvals/approvals-list.ts'
import { approvalsReject } from './commands/approvals/approvals-reject.ts'
import { audit } from './commands/audit/audit.ts'
import { auditExport } from './commands/audit/audit-export.ts'
import { auditVerify } from './commands/audit/audit-verify.ts'
import { clientsAudiences } from './commands/clients/clients-audiences.ts'
import { clientsCreate } from './commands/clients/clients-create.ts'
import { clientsDisable } from './commands/clients/clients-disable.ts'
import { clientsEnable } from './commands/clients/clients-enable.ts'
import { clientsList } from './commands/clients/clients-list.ts'
import { clientsSecret } from './commands/clients/clients-secret.ts'
import { consoleCommand } from './commands/console.ts'
import { databaseStatus } from './commands/database-status.ts'
import { drillRevoke } from './commands/drill/drill-revoke.ts'
import { drillRotation } from './commands/drill/drill-rotation.ts'
import { drillTheft } from './commands/drill/drill-theft.ts'
import { gateways } from './commands/gateways/gateways.ts'
import { gatewaysDrain } from './commands/gateways/gateways-drain.ts'
import { gatewaysUndrain } from './commands/gateways/gateways-undrain.ts'
import { invitationsList } from './commands/invitations/invitations-list.ts'
import { invitationsRevoke } from './commands/invitations/invitations-revoke.ts'
import { issuersCheck } from './commands/issuers/issuers-check.ts'
import { issuersSchema } from './commands/issuers/issuers-schema.ts'
import { keysActivate } from './commands/keys/keys-activate.ts'
import { keysCreate } from './commands/keys/keys-create.ts'
import { keysList } from './commands/keys/keys-list.ts'
import { keysRetire } from './commands/keys/keys-retire.ts'
import { keysRevoke } from './commands/keys/keys-revoke.ts'
import { keysRotate } from './commands/keys/keys-rotate.ts'
import { mailDiscard } from './commands/mail/mail-discard.ts'
import { mailList } from './commands/mail/mail-list.ts'
import { mailRetry } from './commands/mail/mail-retry.ts'
import { operatorsCreate } from './commands/operators/operators-create.ts'
import { operatorsList } from './commands/operators/operators-list.ts'
import { operatorsRenew } from './commands/operators/operators-renew.ts'
import { operatorsRevoke } from './commands/operators/operators-revoke.ts'
import { operatorsSignOut } from './commands/operators/operators-sign-out.ts'
import { routesCheck } from './commands/routes/routes-check.ts'
import { routesExplain } from './commands/routes/routes-explain.ts'
import { routesReload } from './commands/routes/routes-reload.ts'
import { routesSchema } from './commands/routes/routes-schema.ts'
import { sessionsEnd } from './commands/sessions/sessions-end.ts'
import { sessionsList } from './commands/sessions/sessions-list.ts'
import { tokensRevokeAll } from './commands/tokens-revoke-all.ts'
import { usersClaims } from './commands/users/changes/users-claims.ts'
import { usersDisable } from './commands/users/changes/users-disable.ts'
import { usersEmail } from './commands/users/changes/users-email.ts'
import { usersEnable } from './commands/users/changes/users-enable.ts'
import { usersPassword } from './commands/users/changes/users-password.ts'
import { usersResetFactors } from './commands/users/changes/users-reset-factors.ts'
import { usersRoles } from './commands/users/changes/users-roles.ts'
import { usersScope } from './commands/users/changes/users-scope.ts'
import { usersUnlink } from './commands/users/changes/users-unlink.ts'
import { usersCreate } from './commands/users/users-create.ts'
import { usersDelete } from './commands/users/users-delete.ts'
import { usersDeletions } from './commands/users/users-deletions.ts'
import { usersExport } from './commands/users/users-export.ts'
import { usersFactors } from './commands/users/users-factors.ts'
import { usersIdentities } from './commands/users/users-identities.ts'
import { usersImport } from './commands/users/users-import.ts'
import { usersInvite } from './commands/users/users-invite.ts'
import { usersList } from './commands/users/users-list.ts'
import { usersShow } from './commands/users/users-show.ts'
import { webhooksAdd } from './commands/webhooks/webhooks-add.ts'
import { webhooksDeliveries } from './commands/webhooks/webhooks-deliveries.ts'
import { webhooksDisable } from './commands/webhooks/webhooks-disable.ts'
import { webhooksDiscard } from './commands/webhooks/webhooks-discard.ts'
import { webhooksEnable } from './commands/webhooks/webhooks-enable.ts'
import { webhooksList } from './commands/webhooks/webhooks-list.ts'
import { webhooksRemove } from './commands/webhooks/webhooks-remove.ts'
import { webhooksRetry } from './commands/webhooks/webhooks-retry.ts'
import { webhooksRotateSecret } from './commands/webhooks/webhooks-rotate-secret.ts'
import { webhooksTest } from './commands/webhooks/webhooks-test.ts'

/** All commands. */
export const commands: readonly Command[] = [
  usersCreate,
  usersInvite,
  usersImport,
  usersList,
  usersShow,
  usersRoles,
  usersScope,
  usersClaims,
  usersEmail,
  usersPassword,
  usersFactors,
  usersResetFactors,
  usersIdentities,
  usersUnlink,
  usersDisable,
  usersEnable,
  usersExport,
  usersDelete,
  usersDeletions,
  invitationsList,
  invitationsRevoke,
  sessionsList,
  sessionsEnd,
  clientsCreate,
  clientsList,
  clientsAudiences,
  clientsSecret,
  clientsDisable,
  clientsEnable,
  keysList,
  keysCreate,
  keysActivate,
  keysRotate,
  keysRetire,
  keysRevoke,
  tokensRevokeAll,
  webhooksAdd,
  webhooksList,
  webhooksTest,
  webhooksRotateSecret,
  webhooksDisable,
  webhooksEnable,
  webhooksRemove,
  webhooksDeliveries,
  webhooksRetry,
  webhooksDiscard,
  mailList,
  mailRetry,
  mailDiscard,
  operatorsCreate,
  operatorsList,
  operatorsRenew,
  operatorsRevoke,
  operatorsSignOut,
  approvalsList,
  approvalsApprove,
  approvalsReject,
  consoleCommand,
  gatewaysDrain,
  gatewaysUndrain,
  gateways,
  databaseStatus,
  routesCheck,
  routesExplain,
  routesReload,
  routesSchema,
  issuersCheck,
  issuersSchema,
  drillRotation,
  drillTheft,
  drillRevoke,
  auditVerify,
  auditExport,
  audit
]
