import { signal } from '@preact/signals'
import type { AuditEvent, Session, User } from '../api/answers.ts'
import { ask } from '../api/ask.ts'
import { messageOf, Problem } from '../api/problem.ts'

/** A user, with what an operator looks at before a change. */
export type FoundUser = {
  readonly user: User
  readonly sessions: readonly Session[]
  /** the newest events about the user */
  readonly events: readonly AuditEvent[]
}

export const found = signal<FoundUser | null>(null)
export const fault = signal<string | null>(null)

const NEWEST = 20

const pathOf = (user: string): string => `/ops/users/${encodeURIComponent(user)}`

/** Looks a user up, by e-mail address or id. */
export async function findUser(text: string): Promise<void> {
  try {
    const { user } = await ask<{ user: User }>('GET', pathOf(text))
    const query = new URLSearchParams({ user: user.id, limit: String(NEWEST) })
    const [{ sessions }, { events }] = await Promise.all([
      ask<{ sessions: Session[] }>('GET', `${pathOf(user.id)}/sessions`),
      ask<{ events: AuditEvent[] }>('GET', `/ops/audit?${query}`)
    ])
    found.value = { user, sessions, events }
    fault.value = null
  } catch (error) {
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
