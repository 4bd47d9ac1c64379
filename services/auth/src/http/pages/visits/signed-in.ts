import type { AccessTokenClaims } from '@gatehouse/access-token/claims'
import { identityOfClaims } from '@gatehouse/edge-headers/identity'
import type { Identity } from '@gatehouse/identity/fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeJwt } from 'jose'
import { readRefreshCookie } from '../../public/cookies/refresh-cookie.ts'
import type { Answer, Question } from '../requests/ask.ts'
import type { Form } from '../requests/form.ts'
import type { OwnPage } from '../requests/return-to.ts'
import { refusalOf } from './refusal-of.ts'
import type { OpenVisit, Visit } from './visit.ts'

/** The user whose browser asks for a page. */
export type User = {
  readonly identity: Identity
  readonly email: string
  /** the public id of the session */
  readonly session: string
  /** seconds since 1970: when the user has last proved who they are */
  readonly provenAt: number
}

/**
 * Refreshes the session of the browser, as any page of an application does. So a token that was
 * used before ends the session here too.
 * @returns null if the browser has no session
 * @throws Refusal UNAVAILABLE, RATE_LIMITED; FORBIDDEN if the browser has no Fetch Metadata
 */
export async function signedIn(visit: Visit): Promise<User | null> {
  if (readRefreshCookie(visit.request) === null) return null
  const answer = await visit.ask({ method: 'POST', path: '/refresh-token' })
  if (answer.status === 401) return null
  if (answer.status !== 200) throw refusalOf(answer)
  // This service has issued it a moment ago.
  const claims = decodeJwt<AccessTokenClaims>(String(answer.body.accessToken))
  const identity = { ...identityOfClaims(claims, claims.exp), claims: {} }
  return {
    identity,
    email: identity.email ?? '',
    session: identity.session ?? '',
    provenAt: claims.auth_time ?? 0
  }
}

/** A page for a signed-in user. */
export type UserPage = {
  readonly visit: Visit
  readonly user: User
  /** sends a request to a route that needs an access token */
  ask(question: Omit<Question, 'identity'>): Promise<Answer>
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/**
 * Whether a page of another origin has led the browser here. Such a request refreshes no session,
 * and the cookie is missing from it if the page is of another site (`SameSite=Strict`).
 */
const isLedHere = ({ method, headers }: FastifyRequest): boolean =>
  method !== 'POST' && ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']))

/**
 * Lets the browser open the page again from a page of ours, if it comes from elsewhere.
 * @param to the page, with its query
 * @returns null if it does not
 */
export const openedFromHere = (visit: Visit, to: string): FastifyReply | null =>
  isLedHere(visit.request)
    ? visit.show({ title: visit.texts.yourAccount, parts: [], goTo: to })
    : null

/**
 * Shows a page to its user, or leads to the sign-in page.
 * @param name of the page
 */
export const userPage =
  (open: OpenVisit, name: OwnPage, show: (page: UserPage) => Promise<FastifyReply>): Handler =>
  async (request, reply) => {
    const visit = open(request, reply)
    const again = openedFromHere(visit, name)
    if (again !== null) return again
    const user = await signedIn(visit)
    if (user === null) return visit.go(`sign-in?returnTo=${name}`)
    return show({
      visit,
      user,
      ask: (question) => visit.ask({ ...question, identity: user.identity })
    })
  }

/** Carries out the form of a signed-in user. @param name of the page that has the form */
export const userForm = (
  open: OpenVisit,
  name: OwnPage,
  handle: (page: UserPage, form: Form) => Promise<FastifyReply>
): Handler => userPage(open, name, (page) => handle(page, page.visit.form(page.user.session)))

/** The same, for a change that needs a recent login. */
export const recentForm = (
  open: OpenVisit,
  name: OwnPage,
  {
    handle,
    isRecent
  }: {
    readonly handle: (page: UserPage, form: Form) => Promise<FastifyReply>
    readonly isRecent: (provenAt: number) => boolean
  }
): Handler =>
  userForm(open, name, async (page, form) =>
    isRecent(page.user.provenAt) ? handle(page, form) : page.visit.go(`confirm?returnTo=${name}`)
  )
