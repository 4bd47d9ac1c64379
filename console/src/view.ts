import { signal } from '@preact/signals'

/** The views, by their name in the address. The first one is where the page opens. */
export const views = [
  { name: 'overview', title: 'Overview' },
  { name: 'keys', title: 'Keys' },
  { name: 'gateways', title: 'Gateways' },
  { name: 'routes', title: 'Routes' },
  { name: 'users', title: 'Users' },
  { name: 'clients', title: 'Clients' },
  { name: 'audit', title: 'Audit log' },
  { name: 'drills', title: 'Drills' },
  { name: 'outbox', title: 'Outbox' },
  { name: 'approvals', title: 'Approvals' },
  { name: 'operators', title: 'Operators' }
] as const

export type ViewName = (typeof views)[number]['name']

/** The parts of the address, which is `#/VIEW`, `#/VIEW/SUBJECT` or `#/users/USER/SESSION`. */
const parts = (): string[] => location.hash.split('/')

const named = (): ViewName => views.find(({ name }) => name === parts()[1])?.name ?? views[0].name

/** The view that the address names. */
export const view = signal<ViewName>(named())

/** What the view shows at first, such as the id of a user. Empty if the address does not say it. */
export const subject = signal(parts()[2] ?? '')

/** The session that an event led to. Empty if the address does not say it. */
export const session = signal(parts()[3] ?? '')

/**
 * How many entries of the history of the tab are between the first one of this page and the current
 * one. Each entry has its number as its state, which outlives a reload.
 */
const numberOf = (state: unknown): number | null => {
  const { number } = (state ?? {}) as { readonly number?: unknown }
  return typeof number === 'number' ? number : null
}

let entry = numberOf(history.state) ?? 0

function noteEntry(): void {
  const known = numberOf(history.state)
  entry = known ?? entry + 1
  if (known === null) history.replaceState({ number: entry }, '')
}

/** How long the browser may take to go back, in milliseconds. */
const BACK_MS = 2000

/**
 * Loads the page again, without anything that it has shown: what was typed and read is gone, and
 * the entries of the history, whose addresses name users, are too.
 * @param state of the page that is loaded
 */
export async function startAnew(state: object | null): Promise<void> {
  if (entry > 0) {
    await new Promise((resolve) => {
      addEventListener('popstate', resolve, { once: true })
      setTimeout(resolve, BACK_MS)
      history.go(-entry)
    })
  }
  history.replaceState(null, '', location.pathname)
  // A new entry removes those that come after it.
  history.pushState(state, '', '#/')
  location.reload()
}

addEventListener('hashchange', () => {
  noteEntry()
  view.value = named()
  subject.value = parts()[2] ?? ''
  session.value = parts()[3] ?? ''
})
