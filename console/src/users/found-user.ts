import { signal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { AuditEvents, Sessions, UserFactors, UserResponse } from '../api/operator-api.ts'
import { messageOf, Problem } from '../api/problem.ts'
import type { AuditEvent, Session, User } from '../api/responses.ts'
import { inOrder } from '../parts/in-order.ts'

/** A user, with what an operator looks at before a change. */
export type FoundUser = {
  readonly user: User
  readonly sessions: readonly Session[]
  /** the newest events about the user */
  readonly events: readonly AuditEvent[]
  readonly factors: UserFactors
}

export const found = signal<FoundUser | null>(null)
export const fault = signal<string | null>(null)

const NEWEST = 20

const pathOf = (user: string): string => `/ops/users/${encodeURIComponent(user)}`

const begin = inOrder()
let sought: string | null = null

/** Looks the user up again who was looked up last: they may have changed. */
export const findAgain = (): Promise<void> =>
  sought === null ? Promise.resolve() : findUser(sought)

/** Looks a user up, by e-mail address or id. */
export async function findUser(text: string): Promise<void> {
  const isShown = begin()
  sought = text
  try {
    const { user } = await ask<UserResponse>('GET', pathOf(text))
    const query = new URLSearchParams({ user: user.id, limit: String(NEWEST) })
    const [{ sessions }, { events }, factors] = await Promise.all([
      ask<Sessions>('GET', `${pathOf(user.id)}/sessions`),
      ask<AuditEvents>('GET', `/ops/audit?${query}`),
      ask<UserFactors>('GET', `${pathOf(user.id)}/factors`)
    ])
    if (!isShown()) return
    found.value = { user, sessions, events, factors }
    fault.value = null
  } catch (error) {
    if (!isShown()) return
    found.value = null
    fault.value = error instanceof Problem ? messageOf(error) : String(error)
  }
}

/** Makes a change of the user, and shows the user as they are then. */
async function change(user: User, method: 'POST' | 'DELETE', path: string): Promise<void> {
  try {
    await ask(method, path)
  } finally {
    await findUser(user.id)
  }
}

export const endSession = (user: User, { id }: Session): Promise<void> =>
  change(user, 'DELETE', `/ops/sessions/${id}`)

export const endSessions = (user: User): Promise<void> =>
  change(user, 'DELETE', `${pathOf(user.id)}/sessions`)

export const disable = (user: User): Promise<void> =>
  change(user, 'POST', `${pathOf(user.id)}/disable`)

export const enable = (user: User): Promise<void> =>
  change(user, 'POST', `${pathOf(user.id)}/enable`)

/** Removes the second factors, and ends all sessions. */
export const resetFactors = (user: User): Promise<void> =>
  change(user, 'DELETE', `${pathOf(user.id)}/factors`)

type Rights = Pick<User, 'roles' | 'scope'>

/** The rights that operators can replace: those of a provider stay with the provider. */
export const replaceable = ({ assigned: { roles }, scope }: User): Rights => ({ roles, scope })

/** Replaces what differs. */
export async function setRights(user: User, rights: Rights): Promise<void> {
  try {
    const before = replaceable(user)
    for (const name of ['roles', 'scope'] as const) {
      const isSame = rights[name].join(' ') === before[name].join(' ')
      if (!isSame) await ask('PUT', `${pathOf(user.id)}/${name}`, { [name]: rights[name] })
    }
  } finally {
    await findUser(user.id)
  }
}
