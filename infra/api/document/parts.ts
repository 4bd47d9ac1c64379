import { defaultPorts } from '@gatehouse/settings/default-ports'

/** What the documents say about the listeners, and the groups of their operations. */

const at = (port: number) => `http://127.0.0.1:${port}`
export const gatewayServer = {
  url: at(defaultPorts.GATEWAY_PORT),
  description: 'The gateway of npm start.'
}
export const authServer = {
  url: at(defaultPorts.AUTH_OPS_PORT),
  description: 'The ops listener of the auth service.'
}
export const gatewayOpsServer = {
  url: at(defaultPorts.GATEWAY_OPS_PORT),
  description: 'The ops listener of the gateway.'
}

const tag = (name: string, description: string) => ({ name, description })

export const publicTags = [
  tag('Accounts', 'Registration, sign-in, the user and the password.'),
  tag('Providers', 'Logins by other providers, and the providers that are linked to an account.'),
  tag('Factors', 'Second factors, and logins that need one.'),
  tag('Sessions', 'Refreshing, listing and ending sessions.'),
  tag('OAuth', 'Machine clients, and OAuth libraries.'),
  tag('Keys', 'The keys that verify access tokens.')
]

export const operatorTags = [
  tag('Operators', 'The operators of this API, and requests that need two of them.'),
  tag('Users', 'The accounts of people.'),
  tag('Sessions', 'Listing and ending the sessions of users.'),
  tag('Invitations', 'Invitations to register, for AUTH_REGISTRATION=invite.'),
  tag('Clients', 'Machine clients.'),
  tag('Keys', 'Signing keys and assertion keys, and tokens as a whole.'),
  tag('Webhooks', 'Endpoints of other systems, and deliveries to them.'),
  tag('Mail', 'E-mails to users that are sent, or could not be sent.'),
  tag('Operation', 'Gateways and the database.'),
  tag('Audit log', 'Security events.'),
  tag('Health', 'Probes and metrics, which every process has.')
]
