import { CONSOLE_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConsoleSecrets } from '../../../operators/console-sessions.ts'

/** The page keeps one half of its session, and sends it in this header. */
const PROOF_HEADER = 'x-console-proof'

/** Browsers keep such a cookie over TLS, and on localhost without it. */
const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const

/** The secrets that a page sends; null if one is missing. */
export function consoleSecretsOf({
  headers
}: Pick<FastifyRequest, 'headers'>): ConsoleSecrets | null {
  const cookie = ownCookieValue(headers.cookie, CONSOLE_COOKIE)
  const { [PROOF_HEADER]: proof } = headers
  return cookie === null || typeof proof !== 'string' ? null : { cookie, proof }
}

/** It has no `Max-Age`: it ends with the browser, or with the session. */
export const setConsoleCookie = (reply: FastifyReply, { cookie }: ConsoleSecrets): FastifyReply =>
  reply.setCookie(CONSOLE_COOKIE, cookie, attributes)

export const clearConsoleCookie = (reply: FastifyReply): FastifyReply =>
  reply.clearCookie(CONSOLE_COOKIE, attributes)
