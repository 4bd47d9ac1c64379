import type { OperatorRole } from '../../../operators/operator-role.ts'
import type { FourEyesGroup } from '../../../operators/operator-settings.ts'

/** Who may send a request of the operators' API. */
export type OperatorAccess = {
  readonly role: OperatorRole
  /** members of the body that only an admin may send */
  readonly adminMembers?: readonly string[]
  /** needs a second operator if AUTH_OPS_FOUR_EYES lists one of these groups; `any`: any group */
  readonly fourEyes?: readonly FourEyesGroup[] | 'any'
  /** one approval is for all requests of this kind until it expires, whatever their bodies are */
  readonly isRepeated?: boolean
}

const viewer: OperatorAccess = { role: 'viewer' }
const operator: OperatorAccess = { role: 'operator' }
const admin: OperatorAccess = { role: 'admin' }
/** Only an admin decides about rights. */
const grants: OperatorAccess = { role: 'operator', adminMembers: ['roles', 'scope'] }

/** Who may do what, by the `operationId` of the request. No other request can be registered. */
export const operatorAccess: Readonly<Record<string, OperatorAccess>> = {
  showOperator: viewer,
  listOperators: viewer,
  createOperator: { role: 'admin', fourEyes: 'any' },
  revokeOperator: admin,
  renewOperator: viewer,
  createConsoleLink: viewer,
  // Only an admin can end those of others.
  endOperatorSessions: viewer,
  listApprovals: viewer,
  approveRequest: operator,
  rejectRequest: operator,

  listUsers: viewer,
  listDeletions: viewer,
  showUser: viewer,
  listUserFactors: viewer,
  listUserIdentities: viewer,
  exportUser: operator,
  exportUserEvents: operator,
  createUser: grants,
  setEmail: operator,
  setPassword: operator,
  resetUserFactors: operator,
  unlinkUserIdentity: operator,
  disableUser: operator,
  enableUser: operator,
  setRoles: admin,
  setScope: admin,
  setClaims: admin,
  importUsers: admin,
  deleteUser: { role: 'admin', fourEyes: ['users'] },

  listInvitations: viewer,
  createInvitation: grants,
  revokeInvitation: operator,

  listUserSessions: viewer,
  endUserSessions: operator,
  endAnySession: operator,
  // The last of its requests makes all tokens stale.
  endEverySession: { role: 'admin', fourEyes: ['sessions', 'tokens'], isRepeated: true },

  listClients: viewer,
  createClient: admin,
  setClientAudiences: admin,
  addClientSecret: admin,
  disableClient: operator,
  enableClient: operator,

  listKeys: viewer,
  createKey: operator,
  rotateKeys: operator,
  activateKey: { role: 'operator', fourEyes: ['keys'] },
  retireKey: operator,
  // An active key has signed nearly all current tokens.
  revokeKey: { role: 'operator', fourEyes: ['keys', 'tokens'] },
  revokeAllTokens: { role: 'admin', fourEyes: ['tokens'] },

  listWebhooks: viewer,
  listWebhookDeliveries: viewer,
  addWebhook: admin,
  removeWebhook: admin,
  rotateWebhookSecret: admin,
  enableWebhook: operator,
  disableWebhook: operator,
  testWebhook: operator,
  retryWebhookDeliveries: operator,
  retryWebhookDelivery: operator,
  discardWebhookDelivery: operator,

  listMail: viewer,
  retryMail: operator,
  retryAllMail: operator,
  discardMail: operator,

  showStatus: viewer,
  listGateways: viewer,
  listRoutes: viewer,
  explainRequest: viewer,
  drainGateway: operator,
  undrainGateway: operator,
  reloadRoutes: operator,
  validateRoutes: operator,
  recordDrill: operator,
  getDatabaseStatus: viewer,
  listAuditEvents: viewer,
  getAuditChain: viewer,
  listAuditRecords: viewer,
  listAuditHeads: viewer,
  verifyAuditLog: viewer,
  followEvents: viewer
}
