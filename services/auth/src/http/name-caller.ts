import { identityHeader } from '@gatehouse/edge-headers/names'
import type { FastifyReply } from 'fastify'
import type { PresentedToken } from '../sessions/refresh-token.ts'

/** Whose request it was: what a gateway cannot read from a password or a refresh token. */
type NamedCaller = {
  readonly subject?: string | undefined
  readonly session?: string | undefined
  /** the machine client that has authenticated */
  readonly client?: string | undefined
}

/**
 * Names the caller in the headers of the response, for the access log of the gateway, which removes
 * them. Only a gateway gets them. Headers that were set before a refusal are sent with it, so the
 * line of a refused refresh has its session too.
 */
export function nameCaller(reply: FastifyReply, { subject, session, client }: NamedCaller): void {
  if (!reply.request.isFromGateway) return
  if (subject !== undefined) reply.header(identityHeader.subject, subject)
  if (session !== undefined) reply.header(identityHeader.session, session)
  if (client !== undefined) reply.header(identityHeader.client, client)
}

/** The owner of a refresh token; nobody if this service did not issue it. */
export const callerOf = (token: PresentedToken | null): NamedCaller =>
  token === null ? {} : { subject: token.subject, session: token.sid }
