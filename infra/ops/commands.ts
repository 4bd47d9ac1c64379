import type { Command } from './command.ts'
import { audit } from './commands/audit.ts'
import { clientsAudiences } from './commands/clients-audiences.ts'
import { clientsCreate } from './commands/clients-create.ts'
import { clientsDisable } from './commands/clients-disable.ts'
import { clientsEnable } from './commands/clients-enable.ts'
import { clientsList } from './commands/clients-list.ts'
import { clientsSecret } from './commands/clients-secret.ts'
import { databaseStatus } from './commands/database-status.ts'
import { drillRevoke } from './commands/drill-revoke.ts'
import { drillRotation } from './commands/drill-rotation.ts'
import { drillTheft } from './commands/drill-theft.ts'
import { gateways } from './commands/gateways.ts'
import { invitationsList } from './commands/invitations-list.ts'
import { invitationsRevoke } from './commands/invitations-revoke.ts'
import { issuersCheck } from './commands/issuers-check.ts'
import { issuersSchema } from './commands/issuers-schema.ts'
import { keysActivate } from './commands/keys-activate.ts'
import { keysCreate } from './commands/keys-create.ts'
import { keysList } from './commands/keys-list.ts'
import { keysRetire } from './commands/keys-retire.ts'
import { keysRevoke } from './commands/keys-revoke.ts'
import { keysRotate } from './commands/keys-rotate.ts'
import { mailDiscard } from './commands/mail-discard.ts'
import { mailList } from './commands/mail-list.ts'
import { mailRetry } from './commands/mail-retry.ts'
import { routesCheck } from './commands/routes-check.ts'
import { routesExplain } from './commands/routes-explain.ts'
import { routesSchema } from './commands/routes-schema.ts'
import { sessionsEnd } from './commands/sessions-end.ts'
import { sessionsList } from './commands/sessions-list.ts'
import { tokensRevokeAll } from './commands/tokens-revoke-all.ts'
import { usersClaims } from './commands/users-claims.ts'
import { usersCreate } from './commands/users-create.ts'
import { usersDelete } from './commands/users-delete.ts'
import { usersDisable } from './commands/users-disable.ts'
import { usersEmail } from './commands/users-email.ts'
import { usersEnable } from './commands/users-enable.ts'
import { usersFactors } from './commands/users-factors.ts'
import { usersImport } from './commands/users-import.ts'
import { usersInvite } from './commands/users-invite.ts'
import { usersList } from './commands/users-list.ts'
import { usersPassword } from './commands/users-password.ts'
import { usersResetFactors } from './commands/users-reset-factors.ts'
import { usersRoles } from './commands/users-roles.ts'
import { usersScope } from './commands/users-scope.ts'
import { usersShow } from './commands/users-show.ts'
import { webhooksAdd } from './commands/webhooks-add.ts'
import { webhooksDeliveries } from './commands/webhooks-deliveries.ts'
import { webhooksDisable } from './commands/webhooks-disable.ts'
import { webhooksDiscard } from './commands/webhooks-discard.ts'
import { webhooksEnable } from './commands/webhooks-enable.ts'
import { webhooksList } from './commands/webhooks-list.ts'
import { webhooksRemove } from './commands/webhooks-remove.ts'
import { webhooksRetry } from './commands/webhooks-retry.ts'
import { webhooksRotateSecret } from './commands/webhooks-rotate-secret.ts'
import { webhooksTest } from './commands/webhooks-test.ts'

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
  usersDisable,
  usersEnable,
  usersDelete,
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
  gateways,
  databaseStatus,
  routesCheck,
  routesExplain,
  routesSchema,
  issuersCheck,
  issuersSchema,
  drillRotation,
  drillTheft,
  drillRevoke,
  audit
]
