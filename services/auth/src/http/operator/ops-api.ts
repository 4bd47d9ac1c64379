import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { operatorCredentials } from './access/operator-credentials.ts'
import { refuseTwoHosts } from './access/refuse-two-hosts.ts'
import { requireAccess } from './access/require-access.ts'
import { requireOperator } from './access/require-operator.ts'
import { auditRoutes } from './audit/audit.ts'
import { auditChainRoutes } from './audit/audit-chain.ts'
import { auditVerificationRoutes } from './audit/audit-verification.ts'
import { clientRoutes } from './clients/clients.ts'
import { consoleLinkRoutes } from './console/console-links.ts'
import { consolePage } from './console/console-page.ts'
import { consoleSessionRoutes } from './console/console-session.ts'
import { drillRoutes } from './drills.ts'
import { eventRoutes } from './events/events.ts'
import { gatewayRoutes } from './gateways/gateways.ts'
import { invitationRoutes } from './invitations/invitations.ts'
import { keyRoutes } from './keys/keys.ts'
import { mailRoutes } from './mail.ts'
import { approvalRoutes } from './operators/approvals.ts'
import { endOperatorSessions } from './operators/end-operator-sessions.ts'
import { operatorRoutes } from './operators/operators.ts'
import { renewOperator } from './operators/renew-operator.ts'
import type { OpsApiOptions, OpsRoutes } from './ops-routes.ts'
import { routeRoutes } from './routes/routes.ts'
import { endEverySession } from './sessions/end-every-session.ts'
import { revokeTokens } from './sessions/revoke-tokens.ts'
import { sessionRoutes } from './sessions/sessions.ts'
import { databaseRoutes } from './status/database.ts'
import { statusRoutes } from './status/status.ts'
import { resetUserFactors } from './users/changes/reset-user-factors.ts'
import { setClaims } from './users/changes/set-claims.ts'
import { setEmail } from './users/changes/set-email.ts'
import { setPassword } from './users/changes/set-password.ts'
import { setRoles } from './users/changes/set-roles.ts'
import { setScope } from './users/changes/set-scope.ts'
import { switchUser } from './users/changes/switch-user.ts'
import { unlinkUserIdentity } from './users/changes/unlink-user-identity.ts'
import { createUser } from './users/create-user.ts'
import { deleteUser } from './users/delete-user.ts'
import { exportUser, exportUserEvents } from './users/export-user.ts'
import { importUsers } from './users/import-users.ts'
import { listDeletions } from './users/list-deletions.ts'
import { listUserFactors } from './users/list-user-factors.ts'
import { listUserIdentities } from './users/list-user-identities.ts'
import { listUsers } from './users/list-users.ts'
import { showUser } from './users/show-user.ts'
import { webhookDeliveryRoutes } from './webhooks/webhook-deliveries.ts'
import { webhookRoutes } from './webhooks/webhooks.ts'

const groups: OpsRoutes[] = [
  operatorRoutes,
  renewOperator,
  consoleLinkRoutes,
  approvalRoutes,
  createUser,
  importUsers,
  listUsers,
  listDeletions,
  showUser,
  setRoles,
  setScope,
  setClaims,
  setEmail,
  setPassword,
  listUserFactors,
  resetUserFactors,
  listUserIdentities,
  unlinkUserIdentity,
  switchUser,
  deleteUser,
  exportUser,
  exportUserEvents,
  invitationRoutes,
  sessionRoutes,
  endEverySession,
  clientRoutes,
  keyRoutes,
  revokeTokens,
  webhookRoutes,
  webhookDeliveryRoutes,
  mailRoutes,
  statusRoutes,
  gatewayRoutes,
  routeRoutes,
  drillRoutes,
  databaseRoutes,
  auditRoutes,
  auditChainRoutes,
  auditVerificationRoutes,
  eventRoutes
]

export type OperatorPolicy = {
  /** the bootstrap token */
  readonly token: string
  /** host names that this listener accepts, in addition to addresses and names without a dot */
  readonly hosts: readonly string[]
}

/** The operators' API, on the ops listener and behind tokens of its own, and the console. */
export function opsApi(
  ops: Service,
  options: OpsApiOptions,
  { token, hosts }: OperatorPolicy
): void {
  ops.addHook('onRequest', refuseTwoHosts)
  const credentials = operatorCredentials(token, options.operators)
  const api = async (scope: FastifyInstance) => {
    // Some responses show a secret, which no proxy may keep (RFC 9111 §5.2.2.5).
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store')
    })
    requireOperator(scope, hosts, credentials)
    requireAccess(scope, options)
    // The scope is the same service, under a prefix.
    const service = scope as unknown as Service
    for (const group of groups) group(service, options)
    endOperatorSessions(service, { ...options, credentials })
  }
  ops.register(fp(api, { name: 'ops-api', encapsulate: true }), { prefix: '/ops' })
  consolePage(ops, hosts)
  consoleSessionRoutes(ops, { ...options, credentials, hosts })
}
