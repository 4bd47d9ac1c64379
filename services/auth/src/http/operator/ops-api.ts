import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { approvalRoutes } from './approvals.ts'
import { auditRoutes } from './audit.ts'
import { auditChainRoutes } from './audit-chain.ts'
import { auditVerificationRoutes } from './audit-verification.ts'
import { clientRoutes } from './clients/clients.ts'
import { consoleLinkRoutes } from './console/console-links.ts'
import { consolePage } from './console/console-page.ts'
import { consoleSessionRoutes } from './console/console-session.ts'
import { databaseRoutes } from './database.ts'
import { drillRoutes } from './drills.ts'
import { endEverySession } from './end-every-session.ts'
import { eventRoutes } from './events/events.ts'
import { gatewayRoutes } from './gateways.ts'
import { invitationRoutes } from './invitations/invitations.ts'
import { keyRoutes } from './keys/keys.ts'
import { mailRoutes } from './mail.ts'
import { operatorCredentials } from './operator-credentials.ts'
import { operatorRoutes } from './operators.ts'
import type { OpsApiOptions, OpsRoutes } from './ops-routes.ts'
import { refuseTwoHosts } from './refuse-two-hosts.ts'
import { renewOperator } from './renew-operator.ts'
import { requireAccess } from './require-access.ts'
import { requireOperator } from './require-operator.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { routeRoutes } from './routes/routes.ts'
import { sessionRoutes } from './sessions.ts'
import { statusRoutes } from './status/status.ts'
import { createUser } from './users/create-user.ts'
import { deleteUser } from './users/delete-user.ts'
import { exportUser, exportUserEvents } from './users/export-user.ts'
import { importUsers } from './users/import-users.ts'
import { listUserFactors } from './users/list-user-factors.ts'
import { listUsers } from './users/list-users.ts'
import { resetUserFactors } from './users/reset-user-factors.ts'
import { setClaims } from './users/set-claims.ts'
import { setEmail } from './users/set-email.ts'
import { setPassword } from './users/set-password.ts'
import { setRoles } from './users/set-roles.ts'
import { setScope } from './users/set-scope.ts'
import { showUser } from './users/show-user.ts'
import { switchUser } from './users/switch-user.ts'
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
  showUser,
  setRoles,
  setScope,
  setClaims,
  setEmail,
  setPassword,
  listUserFactors,
  resetUserFactors,
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
    for (const group of groups) group(scope as unknown as Service, options)
  }
  ops.register(fp(api, { name: 'ops-api', encapsulate: true }), { prefix: '/ops' })
  consolePage(ops, hosts)
  consoleSessionRoutes(ops, { ...options, credentials, hosts })
}
