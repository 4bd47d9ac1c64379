import { signal } from '@preact/signals'

/** The views, by their name in the address. The first one is where the page opens. */
export const views = [
  { name: 'overview', title: 'Overview' },
  { name: 'keys', title: 'Keys' },
  { name: 'gateways', title: 'Gateways' },
  { name: 'routes', title: 'Routes' },
  { name: 'users', title: 'Users' },
  { name: 'audit', title: 'Audit log' },
  { name: 'drills', title: 'Drills' },
  { name: 'outbox', title: 'Outbox' },
  { name: 'approvals', title: 'Approvals' }
] as const

export type ViewName = (typeof views)[number]['name']

const named = (): ViewName =>
  views.find(({ name }) => location.hash === `#/${name}`)?.name ?? views[0].name

/** The view that the address names. */
export const view = signal<ViewName>(named())

addEventListener('hashchange', () => {
  view.value = named()
})
