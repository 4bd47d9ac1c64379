import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { auditRoutes } from './audit.ts'
import { clientRoutes } from './clients.ts'
import { createUser } from './create-user.ts'
import { databaseRoutes } from './database.ts'
import { deleteUser } from './delete-user.ts'
import { endEverySession } from './end-every-session.ts'
import { factorRoutes } from './factors.ts'
import { gatewayRoutes } from './gateways.ts'
import { importUsers } from './import-users.ts'
import { invitationRoutes } from './invitations.ts'
import { keyRoutes } from './keys.ts'
import { listUsers } from './list-users.ts'
import { mailRoutes } from './mail.ts'
import type { OpsApiOptions, OpsRoutes } from './ops-routes.ts'
import { type OperatorPolicy, requireOperator } from './require-operator.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { sessionRoutes } from './sessions.ts'
import { setClaims } from './set-claims.ts'
import { setEmail } from './set-email.ts'
import { setPassword } from './set-password.ts'
import { setRoles } from './set-roles.ts'
import { setScope } from './set-scope.ts'
import { showUser } from './show-user.ts'
import { switchUser } from './switch-user.ts'
import { webhookDeliveryRoutes } from './webhook-deliveries.ts'
import { webhookRoutes } from './webhooks.ts'

const groups: OpsRoutes[] = [
  createUser,
  importUsers,
  listUsers,
  showUser,
  setRoles,
  setScope,
  setClaims,
  setEmail,
  setPassword,
  factorRoutes,
  switchUser,
  deleteUser,
  invitationRoutes,
  sessionRoutes,
  endEverySession,
  clientRoutes,
  keyRoutes,
  revokeTokens,
  webhookRoutes,
  webhookDeliveryRoutes,
  mailRoutes,
  gatewayRoutes,
  databaseRoutes,
  auditRoutes
]

/** The operators' API, on the ops listener and behind a token of its own. */
export function opsApi(ops: Service, options: OpsApiOptions, policy: OperatorPolicy): void {
  const api = async (scope: FastifyInstance) => {
    // Some responses show a secret, which no proxy may keep (RFC 9111 §5.2.2.5).
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store')
    })
    scope.addHook('onRequest', requireOperator(policy))
    // The scope is the same service, under a prefix.
    for (const group of groups) group(scope as unknown as Service, options)
  }
  ops.register(fp(api, { name: 'ops-api', encapsulate: true }), { prefix: '/ops' })
}
