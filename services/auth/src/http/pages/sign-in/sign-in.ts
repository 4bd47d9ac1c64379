import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { link, notice } from '../frame/parts.ts'
import { asPage, type PageRoute } from '../page-route.ts'
import { passkeyOf } from '../proofs/passkey-form.ts'
import { SIGNED_OUT } from '../requests/form-token.ts'
import type { TextName } from '../text/en.ts'
import { faultText } from '../visits/refusal-of.ts'
import { openedFromHere, signedIn } from '../visits/signed-in.ts'
import type { Visit } from '../visits/visit.ts'
import { factorPage } from './factor-page.ts'
import { signInPage } from './sign-in-page.ts'

/**
 * Whether the browser has a session. One without Fetch Metadata cannot show that it may use its
 * cookie for this: its user gets the form.
 */
async function isSignedIn(visit: Visit): Promise<boolean> {
  try {
    return (await signedIn(visit)) !== null
  } catch (error) {
    if (error instanceof Refusal && error.code === 'FORBIDDEN') return false
    throw error
  }
}

/** What a user who is signed in must see before they are led on. */
const reports: Readonly<Record<string, TextName>> = {
  emailConfirmed: 'emailConfirmed',
  verified: 'addressVerified'
}

function leadOn(visit: Visit, to: string): FastifyReply {
  const { texts } = visit
  const report = Object.entries(reports).find(([name]) => name === visit.query('notice'))
  if (report === undefined) return visit.go(to)
  const [, text] = report
  return visit.show({
    title: texts.yourAccount,
    name: 'sign-in',
    parts: [notice(texts[text]), h('p', {}, link(to, texts.continue))]
  })
}

/** Leads a user who is signed in on, and shows the form to others. */
export const showSignIn: PageRoute = (service, { open, offer }) => {
  service.get('/sign-in', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const returnTo = visit.returnTo.allowed(visit.query('returnTo'))
    const query = new URLSearchParams({ returnTo: returnTo ?? '' })
    const again = openedFromHere(visit, `sign-in?${query}`)
    if (again !== null) return again
    if (await isSignedIn(visit)) return leadOn(visit, returnTo ?? visit.returnTo.otherwise)
    return signInPage(visit, offer, { returnTo: returnTo ?? '' })
  })
}

export const signInByPassword: PageRoute = (service, options) => {
  const { open, offer } = options
  service.post('/sign-in', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const [email, returnTo] = [form('email'), form('returnTo')]
    const answer = await visit.ask({
      method: 'POST',
      path: '/login',
      body: { email, password: form('password'), delivery: 'cookie' }
    })
    if (answer.status === 200) {
      return visit.go(visit.returnTo.allowed(returnTo) ?? visit.returnTo.otherwise)
    }
    if (answer.code === 'FACTOR_REQUIRED') return factorPage(visit, options, { answer, returnTo })
    return signInPage(visit, offer, {
      email,
      returnTo,
      status: answer.status,
      isUnverified: answer.code === 'FORBIDDEN',
      fault: faultText(visit, answer, {
        UNAUTHENTICATED: 'wrongCredentials',
        INVALID_REQUEST: 'wrongCredentials',
        FORBIDDEN: 'unverified'
      })
    })
  })
}

export const signInByPasskey: PageRoute = (service, { open, offer }) => {
  service.post('/sign-in-passkey', asPage, async (request, reply) => {
    const visit = open(request, reply)
    const form = visit.form(SIGNED_OUT)
    const returnTo = form('returnTo')
    const answer = await visit.ask({
      method: 'POST',
      path: '/login/passkey',
      body: { passkey: passkeyOf(form), delivery: 'cookie' }
    })
    if (answer.status === 200) {
      return visit.go(visit.returnTo.allowed(returnTo) ?? visit.returnTo.otherwise)
    }
    return signInPage(visit, offer, {
      returnTo,
      status: answer.status,
      fault: faultText(visit, answer, {
        UNAUTHENTICATED: 'wrongPasskey',
        INVALID_REQUEST: 'wrongPasskey',
        FORBIDDEN: 'unverified'
      })
    })
  })
}
