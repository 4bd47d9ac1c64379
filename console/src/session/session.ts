import { effect, signal } from '@preact/signals'
import { ask, problemOf, proofHeaders, send } from '../api/ask.ts'
import type { ActingOperator } from '../api/operator-api.ts'
import { messageOf } from '../api/problem.ts'
import { forgetSession, keepProof, proof } from '../api/proof.ts'
import type { Operator } from '../api/responses.ts'
import { noteState, startAnew } from '../tab-history.ts'

/** Who is signed in; null: nobody. undefined: not known yet, or the page is being loaded again. */
export const operator = signal<Operator | null | undefined>(undefined)

const ranks = { viewer: 0, operator: 1, admin: 2 } as const

/** Whether the signed-in operator may make routine changes. */
export const mayChange = (): boolean => ranks[operator.value?.role ?? 'viewer'] >= ranks.operator

/** Whether the signed-in operator may change everything. */
export const isAdmin = (): boolean => operator.value?.role === 'admin'

/** The response to a sign-in. */
type Begun = Operator & { readonly proof: string }

type Credential = { readonly token: string } | { readonly code: string }

/** @throws Problem; CONFLICT if a link is followed while somebody is signed in */
export async function signIn(credential: Credential): Promise<void> {
  const response = await send('session', {
    method: 'POST',
    headers: { ...proofHeaders(), 'content-type': 'application/json' },
    body: JSON.stringify(credential)
  })
  const content: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw problemOf(response.status, content)
  const { proof: given, name, role } = content as Begun
  keepProof(given)
  noteState(null)
  operator.value = { name, role }
}

let isSigningOut = false

export async function signOut(): Promise<void> {
  isSigningOut = true
  // Without a response, the session ends when it has been idle. This page cannot use it any longer.
  await send('session', { method: 'DELETE', headers: proofHeaders() }).catch(() => null)
  forgetSession()
}

/** Whether the page was loaded again because the session has ended by itself. */
export const hasEnded = (): boolean =>
  (history.state as { readonly hasEnded?: boolean } | null)?.hasEnded === true

/** A sign-in link ends with `#` and its code. */
const CODE = /^#([\w-]{43})$/

/** Signs in with the link by which the page was opened, or continues the session. */
export async function beginSession(onFault: (message: string) => void): Promise<void> {
  const [, code] = CODE.exec(location.hash) ?? []
  // The code is removed from the address first, so that it does not stay in the history.
  if (code !== undefined) history.replaceState(history.state, '', location.pathname)
  try {
    if (code !== undefined) await signIn({ code })
  } catch (error) {
    onFault(messageOf(error))
  }
  try {
    // A link that was followed before may have begun the session that continues.
    if (proof() !== null) operator.value ??= await ask<ActingOperator>('GET', '/ops/operators/me')
  } catch (error) {
    onFault(messageOf(error))
  }
  operator.value ??= null
  effect(() => {
    if (proof() !== null) return
    if (!operator.peek()) return
    operator.value = undefined
    // The next operator must not see what this one has looked at.
    void startAnew(isSigningOut ? null : { hasEnded: true })
  })
}
