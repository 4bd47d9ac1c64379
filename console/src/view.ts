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

addEventListener('hashchange', () => {
  view.value = named()
  subject.value = parts()[2] ?? ''
  session.value = parts()[3] ?? ''
})
