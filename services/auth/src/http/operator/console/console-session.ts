import fastifyCookie from '@fastify/cookie'
import type { Service } from '@gatehouse/http-service/build-service'
import { isPrivateHost } from '@gatehouse/process/private-host'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type AuditEvent, type AuditKind, OPERATOR_ADDRESS } from '../../../audit/audit-event.ts'
import type { ActingOperator } from '../../../operators/operator.ts'
import { alreadySignedIn, linkIsUsed } from '../../../operators/operator-refusals.ts'
import { iso } from '../../fields.ts'
import { notAnOperator, notForBrowsers } from '../../http-refusals.ts'
import { clearConsoleCookie, consoleSecretsOf, setConsoleCookie } from '../access/console-cookie.ts'
import type { OperatorCredentials } from '../access/operator-credentials.ts'
import { isFromOwnPage } from '../access/own-page.ts'
import type { OpsApiOptions } from '../ops-routes.ts'
import { CONSOLE_PATH } from './console-path.ts'

type SessionPorts = Pick<OpsApiOptions, 'audit' | 'operators'> & {
  readonly credentials: OperatorCredentials
  readonly hosts: readonly string[]
}

const LONGEST = 256
const Secret = Type.Optional(Type.String({ minLength: 1, maxLength: LONGEST }))
const Body = Type.Object(
  { token: Secret, code: Secret },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 }
)
const Opened = Type.Object({
  name: Type.String(),
  role: Type.String(),
  proof: Type.String(),
  expiresAt: Type.String()
})

const PATH = `${CONSOLE_PATH}session`

/** Where operators sign in to the console and out. Only the console's own page may call it. */
export function consoleSessionRoutes(ops: Service, ports: SessionPorts): void {
  const { hosts } = ports
  ops.register(async (scope) => {
    await scope.register(fastifyCookie)
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      if (!isFromOwnPage(request) || !isPrivateHost(request.hostname, hosts)) {
        throw notForBrowsers()
      }
    })
    const signIn = { schema: { hidden: true, body: Body, response: { 200: Opened } } }
    scope.post(PATH, signIn, async (request, reply) => {
      const body = request.body as Static<typeof Body>
      if (body.code !== undefined) await refuseWhileSignedIn(request, ports)
      const operator = await signingIn(body, ports)
      const session = await openSession(operator, request, ports)
      setConsoleCookie(reply, session)
      const { name, role } = operator
      return { name, role, proof: session.proof, expiresAt: iso(session.expiresAt) }
    })
    scope.delete(PATH, { schema: { hidden: true } }, async (request, reply) => {
      await signOut(request, ports)
      return clearConsoleCookie(reply).code(204).send()
    })
  })
}

/**
 * A page of somebody else can open a link of theirs in the browser of an operator. It must not
 * replace the session of that operator, who would then act under another name.
 * @throws Refusal CONFLICT
 */
async function refuseWhileSignedIn(
  request: FastifyRequest,
  { credentials }: SessionPorts
): Promise<void> {
  const secrets = consoleSecretsOf(request)
  const current = secrets === null ? null : await credentials.ofSession(secrets, false)
  if (current !== null) throw alreadySignedIn(current.name)
}

/** @throws Refusal UNAUTHENTICATED */
async function signingIn(
  { token = '', code }: Static<typeof Body>,
  { operators, credentials }: SessionPorts
): Promise<ActingOperator> {
  if (code === undefined) {
    const operator = await credentials.ofToken(token)
    if (operator === null) throw notAnOperator()
    return operator
  }
  const digest = await operators.sessions.followLink(code)
  const operator = digest === null ? null : await credentials.ofTokenDigest(digest)
  if (operator === null) throw linkIsUsed()
  return operator
}

async function signOut(
  request: FastifyRequest,
  { audit, operators, credentials }: SessionPorts
): Promise<void> {
  const secrets = consoleSecretsOf(request)
  const session = secrets === null ? null : await operators.sessions.find(secrets, false)
  if (session === null) return
  // null: the session ended with its token, and cannot sign out.
  const operator = await credentials.ofTokenDigest(session.tokenDigest)
  if (operator !== null) {
    await audit.write(sessionEvent('operator-signed-out', operator, request))
  }
  await operators.sessions.end(session.digest)
}

const sessionEvent = (
  kind: Extract<AuditKind, 'operator-signed-in' | 'operator-signed-out'>,
  { name, role }: ActingOperator,
  { id: requestId }: FastifyRequest
): AuditEvent => ({
  kind,
  subject: name,
  sid: null,
  source: { address: OPERATOR_ADDRESS, requestId, operator: name },
  detail: { role }
})

async function openSession(
  operator: ActingOperator,
  request: FastifyRequest,
  { audit, operators }: SessionPorts
) {
  const { tokenDigest } = operator
  if (tokenDigest === null) throw new Error('a session cannot open another session')
  // Before the session, so that there is none without its event.
  await audit.write(sessionEvent('operator-signed-in', operator, request))
  return await operators.sessions.open(tokenDigest)
}
