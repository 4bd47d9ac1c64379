import { LOGIN_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { DocumentedHeader } from '@gatehouse/http-service/operation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { COOKIE_SECONDS } from '../../../providers/login-flow.ts'

/** `Lax`: browsers must send it when the provider sends them back, which is another site. */
const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' } as const

export const setLoginCookie = (reply: FastifyReply, flow: string): FastifyReply =>
  reply.setCookie(LOGIN_COOKIE, flow, { ...attributes, maxAge: COOKIE_SECONDS })

export const clearLoginCookie = (reply: FastifyReply): FastifyReply =>
  reply.clearCookie(LOGIN_COOKIE, attributes)

export const loginCookieOf = ({ headers }: Pick<FastifyRequest, 'headers'>): string | null =>
  ownCookieValue(headers.cookie, LOGIN_COOKIE)

/** The headers of a response that sends the browser away. */
export const redirects = (to: string, example: string): Record<string, DocumentedHeader> => ({
  location: { description: to, required: true, schema: Type.String({ examples: [example] }) },
  'referrer-policy': {
    description: 'No page learns the parameters of this request.',
    required: true,
    schema: Type.String({ examples: ['no-referrer'] })
  },
  'set-cookie': {
    description: `${LOGIN_COOKIE}: the state of the login, encrypted, while the user is at the provider.`,
    schema: Type.String({
      examples: [`${LOGIN_COOKIE}=…; Path=/; HttpOnly; Secure; SameSite=Lax`]
    })
  }
})
